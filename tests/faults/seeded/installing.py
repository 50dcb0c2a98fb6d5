"""Defects of hosts that are installed anew: what is believed of them, and when they are free."""

from tests.faults.defect import Defect

REIMAGE = "provisioning/fabrics/pool/reimage.py"
MARKS = "provisioning/fabrics/pool/marks.py"
COBBLER = "provisioning/fabrics/pool/cobbler.py"

INSTALLING = (
    Defect(
        "take any system that answers for the one that was installed",
        REIMAGE,
        'return "" if mark.word and said.out.strip() == mark.word.encode() else "word"',
        'return ""',
        "pool/lab/test_reimaging::test_the_former_system_that_comes_up_again_is_not_taken_for_a_new_one",
    ),
    Defect(
        "believe a host that says it is free",
        MARKS,
        "    if mark.stage == Stage.TAKEN and (isinstance(look, Down) or look.key):\n",
        "    if mark.stage == Stage.TAKEN:\n",
        "pool/lab/test_reimaging::test_a_host_that_says_it_is_free_is_not_believed_while_cobbler_says_otherwise",
    ),
    Defect(
        "believe a free host without Cobbler's word",
        MARKS,
        "return look if isinstance(look, Look) and look.key else mark",
        "return look",
        "pool/lab/test_reimaging::test_without_cobbler_a_free_host_is_given_to_nobody_and_one_in_use_stays",
    ),
    Defect(
        "install whatever has the name",
        REIMAGE,
        "    if not system.is_at(host.row.address):\n",
        "    if not system.name:\n",
        "pool/lab/test_reimaging::test_a_record_at_another_address_is_another_computer",
    ),
    Defect(
        "install over another machine",
        REIMAGE,
        '            self._fail(host, system, mark, "another", until)\n',
        "            pass\n",
        "pool/lab/test_reimaging::test_a_host_on_which_another_machine_is_is_not_installed_over_it",
    ),
    Defect(
        "go on installing what has failed",
        REIMAGE,
        "        self._write(system, replace(mark, stage=Stage.FAILED, why=why), until, netboot_enabled=False)\n",
        "        self._write(system, replace(mark, stage=Stage.FAILED, why=why), until)\n",
        "pool/lab/test_reimaging::test_what_goes_wrong_ends_in_quarantine_with_an_honest_word",
    ),
    Defect(
        "let a failed host go on by itself",
        REIMAGE,
        "            raise quarantined(host, mark.why)\n        else:\n",
        "            self._clear(system, until)\n        else:\n",
        "pool/lab/test_reimaging::test_what_goes_wrong_ends_in_quarantine_with_an_honest_word",
    ),
    Defect(
        "tell it to install before it is off",
        REIMAGE,
        '            self.cobbler.power(system.name, "off", until)\n            return\n',
        '            self.cobbler.power(system.name, "off", until)\n',
        "pool/lab/test_reimaging::test_a_switch_that_does_not_work_ends_in_quarantine_and_nothing_was_told_to_install",
    ),
    Defect(
        "throw away what others keep in the record",
        REIMAGE,
        "meta = {**others, **(mark.entries() if mark else {})}",
        "meta = mark.entries() if mark else {}",
        "pool/lab/test_reimaging::test_what_others_keep_in_the_record_stays",
    ),
    Defect(
        "never renew a token",
        COBBLER,
        '                if not any(words in str(stop.params.get("said")) for words in RENEW):\n                    raise\n',
        "                raise\n",
        "pool/lab/test_cobbler::test_a_token_that_is_not_known_any_more_is_renewed_and_never_told",
    ),
    Defect(
        "tell secrets that Cobbler repeats",
        COBBLER,
        '            said = said.replace(secret, "••••")\n',
        "            pass\n",
        "pool/lab/test_cobbler::test_a_token_that_is_not_known_any_more_is_renewed_and_never_told",
    ),
    Defect(
        "read an answer that has no end",
        COBBLER,
        "        if len(read) > MOST:\n",
        "        if len(read) < 0:\n",
        "pool/test_cobbler_options::test_whatever_answers_costs_at_most_its_time_and_its_bytes",
    ),
    Defect(
        "trust any certificate",
        COBBLER,
        "        return ssl.create_default_context(cadata=self.options.authority or None)\n",
        "        return ssl._create_unverified_context()\n",
        "pool/test_cobbler_options::test_nothing_is_said_to_a_cobbler_whose_certificate_nobody_vouches_for",
    ),
)
