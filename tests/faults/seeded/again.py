"""Putting a kept copy up again: what goes wrong when a guard is away."""

from tests.faults.defect import Defect

AGAIN = (
    Defect(
        "give an address to another owner",
        "provisioning/models/archive.py",
        "before.owner_id != person.pk or not",
        "not",
        "test_again::test_an_address_is_never_given_to_another_owner",
    ),
    Defect(
        "give an address that is in use",
        "provisioning/models/archive.py",
        'return "" if same.exclude(phase=Phase.GONE).exists() else before.name',
        "return before.name if same else before.name",
        "test_again::test_an_address_that_is_in_use_is_not_given_twice",
    ),
    Defect(
        "delete a copy that is being put up again",
        "provisioning/reconciler/copies.py",
        "old = _promised().filter(delete_at__lte=at).exclude(pk__in=_needed())",
        "old = _promised().filter(delete_at__lte=at)",
        "test_again::test_a_copy_that_is_being_put_up_again_is_not_deleted",
    ),
    Defect(
        "unpack a copy before all of it is there",
        "provisioning/steps/machine/restore.py",
        "    if have + len(slice_) < copy.size:",
        "    if have + len(slice_) < 0:",
        "test_again::test_it_has_its_address_and_its_content_back_on_a_new_machine",
    ),
    Defect(
        "put nothing back when the copy is gone",
        "provisioning/steps/machine/restore.py",
        '        raise GiveUp("copy-is-not-there", blame=Blame.PORTAL)',
        "        return",
        "test_again::test_a_copy_that_is_gone_fails_the_launch_and_says_so",
    ),
)
