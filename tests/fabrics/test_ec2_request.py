"""What we ask a cloud for, read as a stranger would: nothing in it gives a machine more than it needs."""

import json
from decimal import Decimal
from typing import Any

import pytest

from provisioning.driver import Identity, MachineSpec, Secret, Size
from provisioning.errors import GiveUp
from provisioning.fabrics.ec2 import least_policy, open_driver, prices_per_hour, problems
from provisioning.fabrics.ec2.options import read
from provisioning.fabrics.ec2.request import Chosen, assert_harmless, instance
from provisioning.fabrics.ec2.user_data import user_data
from provisioning.fabrics.ec2.ways import SSH, USUAL_OUT, told, ways_in, ways_out
from provisioning.fabrics.ec2.ways import read as read_ways
from tests.engine import make_spec

OWNER = "a" * 32
CHOSEN = Chosen("t3.small", "subnet-1", "ami-1", "/dev/xvda", 12, "https://fair.example", 2)
OPTIONS: dict[str, Any] = {
    "region": "eu-central-1",
    "image": "ami-0123",
    "types": [{"type": "t3.small", "memory_mib": "2048", "cpu": "2", "price_per_hour": "0.0240"}],
    "portal_addresses": ["192.0.2.7/32"],
    "key_id": "AKIA",
    "key": "hidden-away",
}


def made() -> tuple[MachineSpec, Identity, dict[str, Any]]:
    spec, identity = make_spec(OWNER)
    identity = Identity(identity.host_key, identity.login_key, Secret("once"))
    return spec, identity, instance(spec, identity, OWNER, CHOSEN, "sg-1")


def test_the_same_machine_is_always_the_same_request() -> None:
    spec, identity, request = made()
    assert instance(spec, identity, OWNER, Chosen.from_tag(CHOSEN.as_tag()), "sg-1") == request
    assert request["ClientToken"] == spec.key


def test_what_we_ask_for_is_harmless() -> None:
    _, _, request = made()
    assert_harmless(request)
    assert request["SubnetId"] == "subnet-1"
    assert "IamInstanceProfile" not in request


@pytest.mark.parametrize(
    ("what", "changed"),
    [
        ("settings", {"IamInstanceProfile": {"Name": "admin"}}),
        ("number", {"MaxCount": 3}),
        ("metadata", {"MetadataOptions": {"HttpTokens": "optional", "HttpPutResponseHopLimit": 1}}),
        ("metadata", {"MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 2}}),
        ("disks", {"BlockDeviceMappings": [{"Ebs": {"Encrypted": False, "DeleteOnTermination": True}}]}),
        ("shutdown", {"InstanceInitiatedShutdownBehavior": "terminate"}),
        ("tags", {"TagSpecifications": []}),
        ("network", {"SecurityGroupIds": ["sg-1", "sg-2"]}),
        ("user data", {"UserData": "-----BEGIN OPENSSH PRIVATE KEY-----"}),
    ],
)
def test_what_must_not_be_in_it_is_found(what: str, changed: dict[str, Any]) -> None:
    with pytest.raises(GiveUp, match="machine-request-unsafe") as told:
        assert_harmless({**made()[2], **changed})
    assert told.value.params["wrong"] == [what]


def test_ssh_is_for_the_portal_and_the_apps_ports_are_for_the_front_door() -> None:
    spec, _ = make_spec(OWNER)
    options = read({**OPTIONS, "front_door_addresses": ["198.51.100.0/24", "2001:db8::/64"]})
    (port,) = spec.ports
    app = port.number
    assert ways_in(spec, options) == {
        ("tcp", SSH, SSH, "192.0.2.7/32"), ("tcp", app, app, "198.51.100.0/24"), ("tcp", app, app, "2001:db8::/64"),
    }  # fmt: skip


def test_a_machine_reaches_what_installers_need_and_the_portal_and_no_more() -> None:
    near = {"enrol_url": "https://fair.example:8443", "git_door_host": "198.51.100.9"}
    out = ways_out(read({**OPTIONS, **near}))
    assert {way[1] for way in out if way[0] == "tcp" and way[3] == "::/0"} == {53, 80, 123, 443, 8443}
    assert {way[1] for way in out if way[0] == "udp" and way[3] == "0.0.0.0/0"} == {53, 123}
    assert {way[3] for way in out if way[1:3] == (0, 65535)} == {"192.0.2.7/32", "198.51.100.9/32"}
    assert {way[1] for way in ways_out(read({**OPTIONS, "egress": "587"})) if way[3] == "::/0"} == {587}
    assert read_ways(told(out)) == out


def test_a_machine_may_be_let_reach_everything() -> None:
    assert ways_out(read({**OPTIONS, "egress": "all"})) == USUAL_OUT


def test_a_machine_is_told_whom_to_let_in_and_holds_no_secret_that_lasts() -> None:
    spec, identity, _ = made()
    text = user_data(spec, identity, "https://fair.example/")
    head, _, config = text.partition("\n")
    told = json.loads(config)
    assert head == "#cloud-config"
    assert told["ssh_authorized_keys"] == [spec.authorized_key.strip()]
    assert f"https://fair.example/machines/{spec.key}/host-key" in text
    assert identity.host_key.reveal not in text
    assert identity.login_key.reveal not in text


def test_without_an_address_of_the_portal_nothing_is_told_to_it() -> None:
    spec, identity, _ = made()
    assert "once" not in user_data(spec, identity, "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("region", "eu central"), ("image", "debian"), ("types", []), ("types 1", [{"type": "t3.small"}]),
        ("types 1", [{"type": "t3.small", "memory_mib": 1, "cpu": 1, "price_per_hour": "NaN"}]),
        ("portal_addresses", []), ("portal_addresses", ["0.0.0.0/0"]), ("front_door_addresses", ["::/0"]),
        ("endpoint", "ftp://x"), ("address", "none"), ("colour", "red"), ("least_disk_gib", "much"), ("user", "A B"),
        ("egress", "http"), ("egress", "70000"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_named(name: str, value: Any) -> None:
    option = name.split(maxsplit=1)[0]
    assert [told.partition(": ")[0] for told in problems({**OPTIONS, option: value})] == [name]
    with pytest.raises(ValueError, match=name):
        open_driver({**OPTIONS, option: value}, OWNER)


def test_the_price_is_that_of_each_type_that_is_large_enough_turn_by_turn() -> None:
    large = {"type": "t3.large", "memory_mib": 8192, "cpu": 2, "price_per_hour": "0.0960"}
    options = {**OPTIONS, "types": [*OPTIONS["types"], large]}
    small, dear = Decimal("0.0240"), Decimal("0.0960")
    assert prices_per_hour({**options, "zones": ["a", "b"]}, Size(1024, 1, 1024)) == [small, small, dear, dear]
    assert prices_per_hour(options, Size(4096, 1, 1024)) == [dear]
    assert prices_per_hour(options, Size(10**6, 1, 1024)) == []
    assert prices_per_hour({}, Size(1024, 1, 1024)) == []


def test_the_least_policy_allows_what_we_ask_and_changes_only_what_is_tagged() -> None:
    statements = json.loads(least_policy(OPTIONS))["Statement"]
    free = {
        verb for each in statements if each["Resource"] == "*" and "Condition" not in each for verb in each["Action"]
    }
    assert all(verb.startswith("ec2:Describe") for verb in free)
    (made,) = [each for each in statements if each["Resource"].endswith(":instance/*")]
    assert made["Condition"]["StringEquals"]["ec2:InstanceType"] == ["t3.small"]
    assert "iam:PassRole" not in json.dumps(statements)


def test_a_key_is_never_shown() -> None:
    assert "hidden-away" not in repr(read(OPTIONS))
