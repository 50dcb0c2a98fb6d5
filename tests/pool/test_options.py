"""What an admin writes down, and what the check tells him."""

import socket
from pathlib import Path
from typing import Any

import pytest

from provisioning.fabrics.pool import OPTIONS, host_keys, problems
from provisioning.fabrics.pool.options import read
from provisioning.ssh import make_key_pair
from tests.pool.conftest import Portal
from tests.pool.hosts import Room
from tests.ssh.sshd import Sshd

pytestmark = pytest.mark.thorough

HOST = make_key_pair().public
LOGIN = make_key_pair().private.reveal


def given(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A table of hosts."""
    return {"hosts": [{"address": "10.0.0.1", "host_key": HOST, **row} for row in rows], "login_key": LOGIN, **more}


def test_what_is_right_has_no_problem() -> None:
    rows: list[dict[str, Any]] = [
        {},
        {"address": "10.0.0.10"},
        {"port": "2222", "user": "keeper", "cpu": "1.5", "memory_mib": 512},
    ]

    assert problems(given(*rows, groups=["old"], git_door_host="10.0.0.254", price_per_day="")) == []
    assert [host.name for host in read(given(*rows)).hosts] == ["10.0.0.1", "10.0.0.10", "10.0.0.1:2222"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": ""},
        {"address": "10.0.0"},
        {"address": "-oProxyCommand=x"},
        {"port": "0"},
        {"port": "65536"},
        {"user": "root; reboot"},
        {"host_key": ""},
        {"host_key": "ssh-ed25519 AAAA"},
        {"group": "a b"},
        {"memory_mib": "much"},
        {"cpu": "-1"},
    ],
)
def test_what_is_wrong_in_a_row_is_told_with_its_number(wrong: dict[str, str]) -> None:
    [told] = problems(given({}, {"address": "b", **wrong}))

    assert told.startswith("hosts 2: ")


@pytest.mark.parametrize("most", range(len("ssh-ed25519 "), len(HOST)))
def test_a_host_key_that_was_not_copied_whole_is_told(most: int) -> None:
    assert problems(given({"host_key": HOST[:most]}))


def test_a_host_stands_in_the_table_once() -> None:
    assert problems(given({}, {})) == ["hosts 2: This host is in the table already."]


def test_a_login_key_that_is_none_is_told_and_never_shown() -> None:
    [told] = problems(given({}, login_key="secret nonsense"))

    assert told.startswith("login_key: ")
    assert "nonsense" not in told
    assert next(option for option in OPTIONS if option.name == "login_key").form == "secret"


@pytest.mark.engine
def test_the_keys_that_hosts_show_can_be_compared_before_they_are_pinned(room: Room) -> None:
    rows = [computer.row(host_key="") for computer in room.computers]

    assert host_keys({"hosts": rows}, within=10) == [computer.host.public.strip() for computer in room.computers]


@pytest.mark.sshd
def test_hosts_that_take_connections_and_say_nothing_hide_the_key_of_no_other(tmp_path: Path) -> None:
    answering = Sshd(tmp_path).start()
    with socket.create_server(("127.0.0.1", 0), backlog=99) as silent:
        rows = [{"address": "127.0.0.1", "port": silent.getsockname()[1]}] * 12
        shown = host_keys({"hosts": [*rows, {"address": "127.0.0.1", "port": answering.port}]}, within=1)
    answering.stop()

    assert shown == [*[""] * 12, answering.host.public.strip()]


@pytest.mark.engine
def test_the_check_says_what_a_host_lacks_and_leaves_nothing_there(room: Room) -> None:
    computer, other = room.computers
    before = computer.ours()
    computer.sh("mv /usr/bin/git /usr/bin/git.away; mv /usr/sbin/nft /usr/sbin/nft.away; sv stop cron")
    portal = Portal(room, hosts=[computer.row(memory_mib=9_999_999), other.row()])

    told = [finding.told for finding in portal.driver.check(within=20) if finding.about == computer.address]

    computer.sh("mv /usr/bin/git.away /usr/bin/git; mv /usr/sbin/nft.away /usr/sbin/nft; sv start cron")
    assert [line.split(".")[0] for line in told] == [
        "It has no git",
        "It has no nftables",
        "No cron runs on it",
        "It has %(has)s MiB of memory, not %(needs)s",
    ]
    assert computer.ours() == before
    assert [finding.fine for finding in portal.driver.check(within=20)][-1]


@pytest.mark.engine
def test_the_check_tells_a_user_who_may_not_become_root(room: Room) -> None:
    computer = room.computers[0]
    computer.sh("mv /etc/sudoers.d/keeper /root/")

    [told] = [finding.told for finding in Portal(room, hosts=[computer.row()]).driver.check(within=20)]

    computer.sh("mv /root/keeper /etc/sudoers.d/")
    assert "sudo" in told
