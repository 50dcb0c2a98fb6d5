"""What we ask an engine for, and what we would never ask for."""

from typing import Any

import pytest

from provisioning.errors import GiveUp
from provisioning.fabrics.container import open_driver, problems, request
from provisioning.fabrics.container.options import Options, read
from tests.engine import make_spec

GOOD = {"docker_host": "unix:///run/engine.sock", "image": "fairground/machine:1"}
OWNER = "a" * 32
SPEC, IDENTITY = make_spec(OWNER)


def options(**changed: Any) -> Options:
    """Options that are in order."""
    return read({**GOOD, **changed})


def wanted() -> dict[str, Any]:
    """A create request that is in order."""
    return request.container(SPEC, options(), OWNER, limit_tasks=False)


def test_a_request_of_ours_is_harmless() -> None:
    request.assert_harmless(wanted(), options())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Binds", ["/:/host"]),
        ("Mounts", [{"Type": "bind"}]),
        ("Privileged", True),
        ("Devices", [{"PathOnHost": "/dev/sda"}]),
        ("NetworkMode", "host"),
        ("PidMode", "host"),
        ("UsernsMode", "host"),
        ("CapAdd", ["SYS_ADMIN"]),
        ("CapDrop", []),
        ("SecurityOpt", ["seccomp=unconfined"]),
        ("Memory", 0),
        ("PidsLimit", 0),
        ("MemorySwap", -1),
        ("PortBindings", {"22/tcp": [{"HostIp": "", "HostPort": "22"}]}),
    ],
)
def test_a_request_with_anything_dangerous_is_never_sent(name: str, value: object) -> None:
    spoiled = wanted()
    spoiled["HostConfig"][name] = value

    with pytest.raises(GiveUp, match="machine-request-unsafe"):
        request.assert_harmless(spoiled, options())


def test_no_secret_is_in_the_request_or_in_the_labels() -> None:
    text = repr(wanted()) + repr(request.network(SPEC, options(), OWNER))

    assert IDENTITY.host_key.reveal not in text
    assert "PRIVATE" not in text


def test_engines_that_need_it_get_a_limit_of_tasks_per_user_which_is_no_limit_of_one_machine() -> None:
    limits = request.container(SPEC, options(tasks="9000"), OWNER, limit_tasks=True)["HostConfig"]["Ulimits"]

    assert [(limit["Name"], limit["Hard"]) for limit in limits][1:] == [("nproc", 9000)]
    assert SPEC.size.processes < 9000


def test_the_name_of_a_bridge_fits_the_kernel() -> None:
    chosen = request.network(SPEC, options(bridge_prefix="fgabcd"), OWNER)["options"]

    assert chosen == {"com.docker.network.bridge.name": f"fgabcd{SPEC.key[:9]}"}


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"docker_host": "localhost"}, "docker_host"),
        ({"image": ""}, "image"),
        ({"bridge_prefix": "Much-too-long"}, "bridge_prefix"),
        ({"address": "0.0.0.0"}, "address"),
        ({"git_door_host": "door"}, "git_door_host"),
        ({"open_files": "many"}, "open_files"),
        ({"tasks": "many"}, "tasks"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_option_is_named(changed: dict[str, str], word: str) -> None:
    assert any(word in sentence for sentence in problems({**GOOD, **changed}))
    with pytest.raises(ValueError, match=word):
        open_driver({**GOOD, **changed}, OWNER)


def test_an_engines_socket_may_lie_in_any_folder() -> None:
    assert problems({**GOOD, "docker_host": "unix:///run/Fest am See/engine.sock"}) == []


def test_a_driver_for_an_engine_that_is_away_can_be_built() -> None:
    assert open_driver(GOOD, OWNER).owner == OWNER


def test_an_engine_that_is_away_is_a_finding() -> None:
    (found,) = open_driver({**GOOD, "docker_host": "unix:///nobody/listens.sock"}, OWNER).check(within=5)
    assert (found.about, found.fine) == ("unix:///nobody/listens.sock", False)
