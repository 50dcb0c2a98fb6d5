"""What only machines made of containers do."""

import socket
from dataclasses import replace

import docker.models.containers
import pytest

from provisioning.driver import Console, Identity, MachineSpec, Seen
from provisioning.errors import Blame, TryAgain
from provisioning.fabrics.container import ContainerDriver, open_driver, request
from tests.conformance.rigs.container import ContainerRig
from tests.engine import make_spec, wait_for

pytestmark = pytest.mark.engine
WITHIN = 20.0


def launch(rig: ContainerRig) -> tuple[MachineSpec, Identity]:
    """A machine that runs."""
    spec, identity = rig.spec()
    assert rig.driver.ensure(spec, identity, within=WITHIN).seen is Seen.RUNNING
    return spec, identity


def container(rig: ContainerRig, key: str) -> docker.models.containers.Container:
    """The container behind a machine."""
    return rig.engine.containers.get(request.name(key))


def networks(rig: ContainerRig, key: str) -> list[str]:
    """The networks made for a machine."""
    return [network.name or "" for network in rig.engine.networks.list(names=[request.name(key)])]


def greets(port: int) -> bool:
    """Say whether sshd listens on that port of this host."""
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as wire:
            wire.settimeout(2)
            return wire.recv(4) == b"SSH-"
    except OSError:
        return False


def test_a_removed_machine_leaves_no_network(rig: ContainerRig) -> None:
    spec, _ = launch(rig)
    assert networks(rig, spec.key) == [request.name(spec.key)]

    assert rig.driver.remove(spec.key, within=WITHIN).seen is Seen.ABSENT

    assert networks(rig, spec.key) == []


def test_a_check_names_the_engine_and_whether_the_image_is_there(rig: ContainerRig) -> None:
    assert [found.fine for found in rig.driver.check(within=WITHIN)] == [True, True]
    other = ContainerDriver(replace(rig.driver.options, image="nobody-made-this"), rig.driver.owner)
    assert [found.fine for found in other.check(within=WITHIN)] == [True, False]


def test_a_machine_is_not_gone_while_its_network_is_there(rig: ContainerRig) -> None:
    spec, _ = launch(rig)
    container(rig, spec.key).remove(force=True)

    assert rig.driver.see(spec.key, within=WITHIN).seen is Seen.REMAINS
    roll = rig.driver.roll_call(within=WITHIN)
    assert spec.key in roll.keys
    assert spec.key in roll.remains
    assert rig.driver.remove(spec.key, within=WITHIN).seen is Seen.ABSENT


def test_the_keys_are_there_before_the_machine_first_runs(rig: ContainerRig) -> None:
    spec, identity = rig.spec()
    rig.lose_request(rig.effects_of_ensure)  # the one that starts it
    with pytest.raises(TryAgain):
        rig.driver.ensure(spec, identity, within=WITHIN)

    _, about = container(rig, spec.key).get_archive("/etc/ssh/ssh_host_ed25519_key")

    assert container(rig, spec.key).status == "created"
    assert about
    assert about["size"] == len(identity.host_key.reveal.strip()) + 1
    assert about["mode"] & 0o777 == 0o600


def test_a_machine_that_got_no_keys_gets_them_before_its_start(rig: ContainerRig) -> None:
    spec, identity = rig.spec()
    rig.lose_request(3)  # the one that brings the keys
    with pytest.raises(TryAgain):
        rig.driver.ensure(spec, identity, within=WITHIN)

    assert rig.driver.see(spec.key, within=WITHIN).seen is Seen.STOPPED
    rig.driver.ensure(spec, identity, within=WITHIN)

    wait_for(lambda: greets(spec.ssh_port))


def test_ports_are_published_on_loopback_only_and_stay_after_a_restart(rig: ContainerRig) -> None:
    spec, identity = launch(rig)
    rig.stop(spec.key)
    rig.driver.ensure(spec, identity, within=WITHIN)

    published = container(rig, spec.key).ports

    assert published["22/tcp"] == [{"HostIp": "127.0.0.1", "HostPort": str(spec.ssh_port)}]
    assert published["8000/tcp"] == [{"HostIp": "127.0.0.1", "HostPort": str(spec.ports[0].outer)}]


def test_a_machine_whose_network_was_pruned_gets_a_new_one(rig: ContainerRig) -> None:
    spec, identity = launch(rig)
    rig.stop(spec.key)
    rig.engine.networks.prune({"label": f"{request.KEY}={spec.key}"})
    if networks(rig, spec.key):
        pytest.skip("this engine keeps networks of stopped machines when it prunes")

    rig.driver.ensure(spec, identity, within=WITHIN)

    wait_for(lambda: greets(spec.ssh_port))


def test_a_paused_machine_is_woken(rig: ContainerRig) -> None:
    spec, identity = launch(rig)
    container(rig, spec.key).pause()
    assert rig.driver.see(spec.key, within=WITHIN).seen is Seen.STOPPED

    assert rig.driver.ensure(spec, identity, within=WITHIN).seen is Seen.RUNNING


def test_a_port_that_is_taken_is_told_and_the_machine_starts_once_it_is_free(rig: ContainerRig) -> None:
    (first, _), (spec, identity) = launch(rig), rig.spec()
    taken = MachineSpec(**{**spec.__dict__, "ssh_port": first.ssh_port})

    with pytest.raises(TryAgain, match="ports-in-use") as told:
        rig.driver.ensure(taken, identity, within=WITHIN)
    rig.driver.remove(first.key, within=WITHIN)

    assert told.value.blame is Blame.FABRIC
    assert rig.driver.ensure(taken, identity, within=WITHIN).seen is Seen.RUNNING


def test_a_subnet_that_is_taken_is_told(rig: ContainerRig) -> None:
    (first, _), (spec, identity) = launch(rig), rig.spec()
    taken = MachineSpec(**{**spec.__dict__, "subnet": first.subnet})

    with pytest.raises(TryAgain, match="subnet-in-use"):
        rig.driver.ensure(taken, identity, within=WITHIN)


def test_a_missing_image_is_our_own_fault(rig: ContainerRig) -> None:
    driver = open_driver(rig.place.options(image="fairground/machine:never-made"), rig.owner)
    spec, identity = make_spec(rig.owner)

    with pytest.raises(TryAgain, match="machine-image-missing") as told:
        driver.ensure(spec, identity, within=WITHIN)

    assert told.value.blame is Blame.PORTAL
    assert driver.remove(spec.key, within=WITHIN).seen is Seen.ABSENT


def test_what_a_container_has_printed_is_its_console(rig: ContainerRig) -> None:
    spec, _ = launch(rig)
    script = "(echo first; yes | head -c 200000; echo end) > /proc/1/fd/1"
    container(rig, spec.key).exec_run(["sh", "-c", script])
    wait_for(lambda: rig.driver.console(spec.key, within=WITHIN).endswith(b"end\n"))
    assert isinstance(rig.driver, Console)
    assert len(rig.driver.console(spec.key, within=WITHIN)) <= 64 << 10
    assert rig.driver.console("0" * 32, within=WITHIN) == b""
