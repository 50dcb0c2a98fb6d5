"""What only a cloud can do wrong (faults F33 to F38), on the stand-in."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from provisioning.driver import Identity, MachineSpec, Secret, Seen, Sighting
from provisioning.errors import Blame, GiveUp, Stop, TryAgain
from provisioning.fabrics.ec2 import open_driver
from provisioning.fabrics.ec2.console import host_key_in
from provisioning.fabrics.ec2.request import CHOSEN, CUT, KEY, Chosen, name, read_tags
from provisioning.fabrics.ec2.ways import Way, read
from tests.conformance.rigs.ec2 import Ec2Rig, open_rig
from tests.waiting import until

pytestmark = pytest.mark.thorough

WITHIN = 20.0


BEGINS, ENDS = "-----BEGIN SSH HOST KEY KEYS-----\n", "-----END SSH HOST KEY KEYS-----\n"


@pytest.mark.timeout(30)
def test_the_first_host_key_of_a_console_is_read_however_often_it_says_that_one_comes() -> None:
    key, other = (f"ssh-ed25519 {letter * 68}" for letter in "AB")
    assert host_key_in(f"boot\n{BEGINS}{key}\n{ENDS}{BEGINS}{other}\n{ENDS}") == key
    assert host_key_in(f"{BEGINS}{ENDS}{BEGINS}{other}\n{ENDS}") == ""
    assert host_key_in(BEGINS * 10_000) == ""


@pytest.fixture(scope="module")
def opened() -> Iterator[Ec2Rig]:
    with open_rig() as rig:
        yield rig


@pytest.fixture
def rig(opened: Ec2Rig) -> Iterator[Ec2Rig]:
    """The stand-in in a good mood, now and afterwards."""
    opened.cloud.asked.clear()
    yield opened
    opened.cloud.moods.calm()


def ensured(rig: Ec2Rig, turn: int = 0) -> tuple[MachineSpec, Identity, Sighting]:
    spec, identity = rig.spec()
    spec = replace(spec, turn=turn)
    return spec, identity, rig.driver.ensure(spec, identity, within=WITHIN)


def out_of(rig: Ec2Rig, spec: MachineSpec, which: str) -> set[Way]:
    named = [{"Name": "group-name", "Values": [name(spec.key) + which]}]
    (group,) = rig.cloud.back.describe_security_groups(Filters=named)["SecurityGroups"]
    return read(group["IpPermissionsEgress"])


def chosen(rig: Ec2Rig, spec: MachineSpec) -> Chosen:
    ours = [{"Name": f"tag:{KEY}", "Values": [spec.key]}]
    (group,) = rig.cloud.back.describe_security_groups(Filters=ours)["SecurityGroups"]
    return Chosen.from_tag(read_tags(group)[CHOSEN])


def test_a_cloud_that_says_slower_is_asked_again_and_nobody_hears_of_it(rig: Ec2Rig) -> None:
    rig.cloud.moods.throttled = 4
    spec, _, sighting = ensured(rig)
    assert sighting.seen is Seen.STARTING
    assert rig.machines(spec.key) == 1


def test_second_tries_are_rationed_among_all_callers(rig: Ec2Rig) -> None:
    driver = open_driver(rig.cloud.options(), rig.owner)
    assert [driver._account.may_try_again() for _ in range(21)] == [True] * 20 + [False]
    rig.cloud.moods.throttled = 10**6
    with pytest.raises(TryAgain, match="place-busy") as told:
        driver.see("0" * 32, within=WITHIN)
    assert told.value.blame is Blame.FABRIC
    assert rig.cloud.asked == ["DescribeInstances"]


def test_no_room_in_a_zone_is_told_apart_from_no_room_at_all(rig: Ec2Rig) -> None:
    rig.cloud.moods.full = {("*", "*")}
    told = []
    for turn in range(5):
        with pytest.raises(TryAgain) as stop:
            ensured(rig, turn=turn)
        told.append(stop.value.code)
    assert told == ["zone-is-full"] * 3 + ["place-is-full", "zone-is-full"]


def test_a_new_machine_reaches_no_more_than_was_said_and_nothing_once_it_is_cut_off(rig: Ec2Rig) -> None:
    spec, _, _ = ensured(rig)
    assert {way for way in out_of(rig, spec, "") if way[0] == "-1" or way[1] == 25} == set()
    assert ("tcp", 443, 443, "0.0.0.0/0") in out_of(rig, spec, "")
    rig.driver.cut(spec.key, within=WITHIN)
    assert out_of(rig, spec, CUT) == set()


def test_each_turn_takes_the_next_zone_and_then_the_next_type(rig: Ec2Rig) -> None:
    picked = [chosen(rig, ensured(rig, turn=turn)[0]) for turn in range(4)]
    assert [(each.type, each.zone[-1], each.others) for each in picked] == [
        ("t3.small", "a", 3), ("t3.small", "b", 2), ("t3.large", "a", 1), ("t3.large", "b", 0),
    ]  # fmt: skip


def test_what_found_no_room_leaves_nothing_behind_when_it_is_removed(rig: Ec2Rig) -> None:
    rig.cloud.moods.full = {("t3.small", "*")}
    spec, identity = rig.spec()
    with pytest.raises(TryAgain, match="zone-is-full"):
        rig.driver.ensure(spec, identity, within=WITHIN)
    assert spec.key in rig.driver.roll_call(within=WITHIN).remains
    assert rig.driver.remove(spec.key, within=WITHIN).seen is Seen.ABSENT
    assert spec.key not in rig.driver.roll_call(within=WITHIN).keys


def test_an_instance_that_the_cloud_does_not_know_yet_is_not_made_again(rig: Ec2Rig) -> None:
    rig.cloud.moods.hidden_looks = 4
    spec, identity, _ = ensured(rig)
    seen = rig.driver.see(spec.key, within=WITHIN)
    assert (seen.seen, seen.is_final) == (Seen.REMAINS, False)
    rig.driver.ensure(spec, identity, within=WITHIN)
    until("it is known", lambda: rig.driver.see(spec.key, within=WITHIN).seen is Seen.RUNNING)
    assert rig.machines(spec.key) == 1


def test_an_instance_that_is_not_known_yet_keeps_its_group_when_it_is_removed(rig: Ec2Rig) -> None:
    rig.cloud.moods.hidden_looks = 3
    spec, _, _ = ensured(rig)
    assert rig.driver.remove(spec.key, within=WITHIN).seen is Seen.REMAINS
    until("it is gone", lambda: rig.driver.remove(spec.key, within=WITHIN).seen is Seen.ABSENT)
    assert rig.machines(spec.key) == 0


def test_the_request_stays_the_same_whatever_an_admin_changes_meanwhile(rig: Ec2Rig) -> None:
    rig.cloud.moods.hidden_looks = 3
    spec, identity, first = ensured(rig)
    other = rig.cloud.options(
        zones=["eu-central-1c"], image="ami-other", enrol_url="https://new.example", least_disk_gib=99
    )
    again = open_driver(other, rig.owner).ensure(spec, identity, within=WITHIN)
    assert again.place_id == first.place_id
    assert rig.machines(spec.key) == 1


def test_a_request_that_changed_all_the_same_is_our_own_mistake(rig: Ec2Rig) -> None:
    rig.cloud.moods.hidden_looks = 3
    driver = open_driver(rig.cloud.options(enrol_url="https://fair.example"), rig.owner)
    spec, identity = rig.spec()
    driver.ensure(spec, identity, within=WITHIN)
    with pytest.raises(GiveUp, match="machine-request-changed") as told:
        driver.ensure(spec, replace(identity, enrolment=Secret("another")), within=WITHIN)
    assert told.value.blame is Blame.PORTAL
    assert rig.machines(spec.key) == 1


def test_an_old_list_makes_no_second_machine(rig: Ec2Rig) -> None:
    spec, identity, _ = ensured(rig)
    rig.cloud.moods.stale = 2
    rig.driver.ensure(spec, identity, within=WITHIN)
    assert rig.machines(spec.key) == 1


def test_an_old_list_is_no_final_word_on_anything(rig: Ec2Rig) -> None:
    spec, _, _ = ensured(rig)
    rig.cloud.moods.stale = 3
    seen = rig.driver.see(spec.key, within=WITHIN)
    assert (seen.seen, seen.is_final) == (Seen.ABSENT, False)
    assert rig.driver.capabilities.absent_twice


def test_half_a_list_is_no_list(rig: Ec2Rig) -> None:
    ensured(rig)
    rig.cloud.moods.partial = 1
    with pytest.raises(TryAgain, match="place-troubled"):
        rig.driver.roll_call(within=WITHIN)


def test_an_end_that_the_cloud_remembers_is_final(rig: Ec2Rig) -> None:
    spec, identity, first = ensured(rig)
    rig.cloud.back.terminate_instances(InstanceIds=[first.place_id])
    seen = rig.driver.see(spec.key, within=WITHIN)
    assert (seen.seen, seen.is_final) == (Seen.REMAINS, True)
    assert rig.driver.ensure(spec, identity, within=WITHIN).seen is Seen.REMAINS  # a key is used once
    assert rig.driver.remove(spec.key, within=WITHIN) == replace(Sighting(Seen.ABSENT), is_final=True)


def test_the_host_key_is_read_from_the_console_and_what_an_app_prints_later_is_not(rig: Ec2Rig) -> None:
    spec, _, first = ensured(rig)
    key, other = spec.host_public_key.strip(), rig.spec()[0].host_public_key.strip()
    block = "-----BEGIN SSH HOST KEY KEYS-----\n{} root@x\n-----END SSH HOST KEY KEYS-----\n"
    rig.cloud.consoles[first.place_id] = "boot\n" + block.format(key) + block.format(other)
    assert rig.driver.see(spec.key, within=WITHIN).host_key == key
    assert rig.driver.console(spec.key, within=WITHIN).startswith(b"boot")


def test_keys_that_are_revoked_fail_no_machine_for_good(rig: Ec2Rig) -> None:
    rig.cloud.moods.locked = True
    with pytest.raises(Stop, match="place-locks-us-out") as told:
        rig.driver.see("0" * 32, within=WITHIN)
    assert isinstance(told.value, TryAgain)


def test_a_check_tells_of_each_thing_and_changes_nothing(rig: Ec2Rig) -> None:
    driver = open_driver(rig.cloud.options(zones=["eu-central-1a", "eu-central-9z"], image="ami-00000000"), rig.owner)
    found = {finding.about: finding.fine for finding in driver.check(within=WITHIN)}
    assert found == {
        rig.cloud.account: True, "ami-00000000": False,
        "eu-central-1a": True, "eu-central-9z": False, "t3.small": True, "t3.large": True,
    }  # fmt: skip
    assert all(action.startswith(("Describe", "Get")) for action in rig.cloud.asked)


def test_a_check_of_a_cloud_that_is_away_or_locked_is_a_finding(rig: Ec2Rig) -> None:
    rig.cloud.moods.locked = True
    assert [finding.fine for finding in rig.driver.check(within=WITHIN)] == [False]
    with rig.cloud.away():
        assert [finding.fine for finding in rig.driver.check(within=WITHIN)] == [False]


def test_a_role_is_taken_on_for_an_account_of_somebodys_own(rig: Ec2Rig) -> None:
    role = {"role": "arn:aws:iam::123456789012:role/fairground", "external_id": "word"}
    driver = open_driver(rig.cloud.options(**role), rig.owner)
    assert driver.roll_call(within=WITHIN).complete
    assert rig.cloud.asked[0] == "AssumeRole"


def test_a_size_that_no_type_has_is_said_at_once(rig: Ec2Rig) -> None:
    spec, identity = rig.spec()
    large = replace(spec, size=replace(spec.size, memory_mib=10**6))
    with pytest.raises(GiveUp, match="place-too-small"):
        rig.driver.ensure(large, identity, within=WITHIN)
    assert large.key not in rig.driver.roll_call(within=WITHIN).keys
