"""What a container machine is like from inside: what lives there, what it may, and what it reaches."""

import shlex
import socket
import subprocess
from collections.abc import Iterator

import docker.models.containers
import pytest

from cli.container_engine import GIT_DOOR_PORT, firewall
from provisioning.fabrics.container import request
from tests.conformance.rigs.container import ContainerRig
from tests.engine import make_spec, wait_for

pytestmark = pytest.mark.engine
FENCED = pytest.mark.skipif(not firewall.can_be_set(), reason="only root can write firewall rules")

KNOCK = """
import socket, sys
for word in sys.argv[1:]:
    host, port = word.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), 3).close()
        print("open")
    except OSError:
        print("shut")
"""


@pytest.fixture(scope="module")
def machine(rig: ContainerRig) -> docker.models.containers.Container:
    """A machine that runs, with all its services."""
    spec, identity = rig.spec()
    rig.driver.ensure(spec, identity, within=20)
    found = rig.engine.containers.get(request.name(spec.key))
    wait_for(lambda: "down" not in (said := run(found, "sv status /etc/service/*")) and said.count("run:") == 2)
    return found


@pytest.fixture
def listener() -> Iterator[int]:
    """A careless service on all addresses of this host; its port."""
    with socket.create_server(("0.0.0.0", 0)) as server:
        yield server.getsockname()[1]


def run(machine: docker.models.containers.Container, line: str) -> str:
    """What a shell line says inside."""
    said = machine.exec_run(["sh", "-c", f"{line} 2>&1"]).output
    assert isinstance(said, bytes)
    return said.decode()


def knock(machine: docker.models.containers.Container, *places: str) -> list[str]:
    """Try to connect from inside; "open" or "shut" for each."""
    return run(machine, shlex.join(["python3", "-c", KNOCK, *places])).split()


def gateway(machine: docker.models.containers.Container) -> str:
    """This host as the machine meets it."""
    (network,) = machine.attrs["NetworkSettings"]["Networks"].values()
    return str(network["Gateway"])


def test_services_are_kept_alive(machine: docker.models.containers.Container) -> None:
    for service in ("sshd", "cron"):
        before = run(machine, f"cat /etc/service/{service}/supervise/pid").strip()
        run(machine, f"kill -9 {before}")

        def another(service: str = service, before: str = before) -> bool:
            return run(machine, f"cat /etc/service/{service}/supervise/pid").strip() not in {"", before}

        assert wait_for(another)


def test_the_first_program_reaps_orphans_and_ends_when_told(rig: ContainerRig) -> None:
    spec, identity = rig.spec()
    rig.driver.ensure(spec, identity, within=20)
    stopping = rig.engine.containers.get(request.name(spec.key))
    wait_for(lambda: run(stopping, "sv status /etc/service/*").count("run:") == 2)

    stopping.stop(timeout=15)
    stopping.reload()

    assert stopping.attrs["State"]["ExitCode"] == 0


def test_only_keys_open_the_door_and_nothing_is_forwarded(machine: docker.models.containers.Container) -> None:
    chosen = run(machine, "/usr/sbin/sshd -T").splitlines()

    for line in (
        "passwordauthentication no", "kbdinteractiveauthentication no", "permitrootlogin without-password",
        "allowtcpforwarding no", "allowagentforwarding no", "x11forwarding no", "permittunnel no", "allowusers root",
        "hostkey /etc/ssh/ssh_host_ed25519_key", "maxstartups 20:30:60",
    ):  # fmt: skip
        assert line in chosen


def test_what_the_on_board_code_needs_is_there(machine: docker.models.containers.Container) -> None:
    for program in (
        "python3", "git", "curl", "cron", "crontab", "runsvdir", "sv", "chpst", "tar", "xz", "sudo", "flock", "setpriv",
    ):  # fmt: skip
        assert run(machine, f"command -v {program}").strip(), program


def test_packages_can_be_installed(machine: docker.models.containers.Container) -> None:
    said = run(machine, "apt-get update -qq && apt-get install -qq -y tree && tree --version")

    assert "tree v" in said, said


def test_root_inside_may_little(machine: docker.models.containers.Container) -> None:
    assert "not permitted" in run(machine, "unshare --mount true")
    assert "not permitted" in run(
        machine, "python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)'"
    )
    assert run(machine, "awk '/NoNewPrivs/ {print $2}' /proc/self/status").strip() == "1"


def test_too_many_tasks_are_refused(rig: ContainerRig) -> None:
    spec, identity = rig.spec()
    rig.driver.ensure(spec, identity, within=20)
    crowded = rig.engine.containers.get(request.name(spec.key))
    if not rig.driver.capabilities.enforces_memory:
        pytest.skip("this engine limits neither memory nor tasks")

    assert "fork" in run(crowded, "for n in $(seq 200); do sleep 60 >/dev/null 2>&1 & done")


@FENCED
def test_a_machine_reaches_the_git_door_and_nothing_else_here(
    rig: ContainerRig, machine: docker.models.containers.Container, listener: int
) -> None:
    door = rig.place.git_door_host
    with socket.socket() as git:
        git.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # somebody may have knocked there just now
        try:
            git.bind((door, GIT_DOOR_PORT))
            git.listen()
        except OSError:  # a portal has it open already
            pass
        assert knock(machine, f"{door}:{GIT_DOOR_PORT}") == ["open"]
    assert knock(machine, f"{gateway(machine)}:{listener}", f"{door}:{listener}") == ["shut", "shut"]


@FENCED
def test_a_machine_does_not_reach_another(rig: ContainerRig, machine: docker.models.containers.Container) -> None:
    spec, identity = make_spec(rig.owner)
    rig.driver.ensure(spec, identity, within=20)
    (network,) = rig.engine.containers.get(request.name(spec.key)).attrs["NetworkSettings"]["Networks"].values()

    assert knock(machine, f"{network['IPAddress']}:22", f"{network['Gateway']}:22") == ["shut", "shut"]


@FENCED
def test_a_machine_reaches_no_metadata_no_private_network_and_no_mail(
    machine: docker.models.containers.Container,
) -> None:
    forbidden = ["169.254.169.254:80", "10.1.2.3:80", "172.17.0.1:80", "192.168.1.1:80", "100.64.0.1:80"]
    mail = [f"198.51.100.7:{port}" for port in (25, 465, 587)]

    before = refused(firewall.REFUSE)
    assert set(knock(machine, *forbidden, *mail)) == {"shut"}

    assert refused(firewall.REFUSE) - before >= len(forbidden) + len(mail)


def refused(chain: str) -> int:
    """Packets that our rules have refused so far."""
    listed = subprocess.run(["iptables", "-nvxL", chain], capture_output=True, text=True, check=True).stdout
    return sum(int(line.split()[0]) for line in listed.splitlines() if " REJECT " in line)
