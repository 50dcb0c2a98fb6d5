"""A machine may be anybody's. Whatever it answers, a call ends in time, costs little, and believes nothing."""

import itertools
import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import paramiko
import pytest

from provisioning.errors import GiveUp, NotYet, Stop, TryAgain
from provisioning.ssh import SshRemote
from tests.ssh.hostile import Hostile, Listener, say
from tests.ssh.sshd import Sshd
from tests.waiting import until

pytestmark = pytest.mark.thorough

MIB = 1024 * 1024


@contextmanager
def cheap(seconds: float, memory_mib: int = 24) -> Iterator[None]:
    """What happens in here takes no longer and grows this program by no more."""
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert time.monotonic() - began < seconds
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < memory_mib * 1024


def flood(piece: bytes) -> "Listener":
    """A machine that says the same for ever."""

    def talk(caller: socket.socket) -> None:
        for _ in itertools.repeat(None):
            caller.sendall(piece)

    return Listener(talk)


@pytest.mark.parametrize(
    "piece", [b"x" * 65536, b"SSH", b"hello\r\n" * 1000, b"\0" * 4096], ids=["x", "ssh", "lines", "nul"]
)
def test_an_endless_greeting_is_cut(piece: bytes) -> None:
    with flood(piece) as machine, cheap(5), pytest.raises((TryAgain, NotYet)):
        machine.remote().reach(within=3)


@pytest.mark.parametrize("length", [b"\x7f\xff\xff\xfc", b"\xff\xff\xff\xff", b"\0\0\0\0"])
def test_a_packet_that_claims_to_be_gigabytes_is_not_waited_for(length: bytes) -> None:
    def talk(caller: socket.socket) -> None:
        caller.sendall(b"SSH-2.0-harmless\r\n" + length)
        for _ in itertools.repeat(None):
            caller.sendall(b"\0" * 65536)

    with Listener(talk) as machine, cheap(5), pytest.raises((TryAgain, NotYet)):
        machine.remote().reach(within=3)


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-slow\r\n", b"SSH-2.0-"])
def test_silence_costs_its_time(said: bytes) -> None:
    def talk(caller: socket.socket) -> None:
        caller.sendall(said)
        caller.recv(1)
        threading.Event().wait(30)

    with Listener(talk) as machine, cheap(3), pytest.raises(NotYet, match="not-started-yet"):
        machine.remote().reach(within=1)


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-1.5-old\r\n", b"SSH-2.0-x\r\nnonsense" * 9]
)
def test_whoever_hangs_up_is_not_up_yet(said: bytes) -> None:
    def talk(caller: socket.socket) -> None:
        caller.sendall(said)
        caller.shutdown(socket.SHUT_RDWR)

    with Listener(talk) as machine, cheap(5), pytest.raises(NotYet, match="not-started-yet"):
        machine.remote().reach(within=4)


@pytest.mark.parametrize("words", [b"Exceeded MaxStartups\r\n", b"Not allowed at this time\r\n"])
def test_a_busy_sshd_is_asked_again_at_a_random_time(words: bytes) -> None:
    def talk(caller: socket.socket) -> None:
        caller.sendall(words)
        caller.shutdown(socket.SHUT_RDWR)

    with Listener(talk) as machine:
        later = {asked_again_after(machine.remote()) for _ in range(5)}

    assert len(later) == 5
    assert all(1 <= seconds <= 4 for seconds in later)


def asked_again_after(remote: SshRemote) -> float:
    """Seconds that a busy sshd is left alone."""
    with pytest.raises(NotYet, match="ssh-busy") as stop:
        remote.reach(within=4)
    assert stop.value.after
    return stop.value.after.total_seconds()


def test_nobody_there_is_not_up_yet() -> None:
    machine = Listener(lambda caller: None)
    remote = machine.remote()
    machine.server.close()

    with cheap(2), pytest.raises(NotYet, match="not-started-yet"):
        remote.reach(within=5)


@pytest.mark.sshd
def test_a_machine_with_another_host_key_is_never_talked_to(sshd: Sshd) -> None:
    other = Hostile(say(b"{}"))
    sshd.host = other.host

    with pytest.raises(GiveUp, match="host-key-changed"):
        sshd.remote().reach(within=10)
    assert sshd.logins() == 0


@pytest.mark.parametrize("most", [0, 4, 12, 31, 40, 64, 76, 77, 78, 79])
def test_a_host_key_that_is_not_whole_is_given_up_before_anybody_is_asked(most: int) -> None:
    with Listener(lambda caller: None) as machine:
        machine.host = replace(machine.host, public=machine.host.public[:most])
        with pytest.raises(GiveUp, match="bad-host-key"):
            machine.remote().reach(within=2)
    assert not machine.callers


@pytest.mark.sshd
def test_a_machine_that_does_not_know_our_key_is_told_as_that(sshd: Sshd) -> None:
    sshd.write("authorized_keys", "")

    with pytest.raises(TryAgain, match="login-refused"):
        sshd.remote().reach(within=10)


def test_an_exec_request_without_an_answer_costs_its_time() -> None:
    with Hostile(say(b"{}"), answers_exec=False) as machine, cheap(3), pytest.raises(TryAgain, match="no-answer"):
        machine.remote().call("facts", within=1)


def test_a_slow_drip_costs_its_time() -> None:
    def behave(channel: paramiko.Channel, question: bytes) -> None:
        for _ in range(1000):
            channel.sendall(b"{")
            threading.Event().wait(0.05)

    with Hostile(behave) as machine, cheap(3), pytest.raises(TryAgain, match="no-answer"):
        machine.remote().call("facts", within=1)


def test_endless_output_is_cut() -> None:
    def behave(channel: paramiko.Channel, question: bytes) -> None:
        for _ in itertools.repeat(None):
            channel.sendall(b"x" * 32768)

    with Hostile(behave) as machine, cheap(5), pytest.raises(TryAgain, match="machine-misbehaves"):
        machine.remote().call("facts", within=4)


def test_output_beyond_the_window_is_cut() -> None:
    def behave(channel: paramiko.Channel, question: bytes) -> None:
        for _ in itertools.repeat(None):
            channel.out_window_size = MIB
            channel.sendall(b"x" * 32768)

    with Hostile(behave) as machine, cheap(5), pytest.raises(TryAgain, match="machine-misbehaves"):
        machine.remote().call("facts", within=4)


def test_a_flood_of_exit_codes_is_cut() -> None:
    def behave(channel: paramiko.Channel, question: bytes) -> None:
        for code in itertools.count():
            channel.send_exit_status(code % 256)

    with Hostile(behave) as machine, cheap(6, 40), pytest.raises(TryAgain):
        machine.remote().call("facts", within=4)


def test_an_end_without_an_exit_code_is_a_lost_connection() -> None:
    with (
        Hostile(lambda channel, question: channel.close()) as machine,
        pytest.raises(TryAgain, match="connection-lost"),
    ):
        machine.remote().call("facts", within=4)


LIES = [
    b"", b"{", b"[]\n", b"null\n", b"\xff\xfe\n", b"{}\n", b'{"state": 1}\n', b'{"state": "flying"}\n', b"\n" * 1000,
    b'{"a":' * 100_000,
    b'{"state": "running", "log": "!!!", "offset": 0, "written": 9}\n',
    b'{"state": "running", "log": "AAAA", "offset": 0, "written": 2}\n',
    b'{"state": "running", "log": "AAAA", "offset": -1, "written": 9}\n',
    b'{"state": "running", "log": "AAAA", "offset": 1e99, "written": 9}\n',
    b'{"state": "running", "log": "AAAA", "offset": true, "written": 9}\n',
    b'{"state": "running", "log": "' + b"A" * 200_000 + b'", "offset": 0, "written": 999999}\n',
    b'{"state": "exited", "log": "", "offset": 0, "written": 0, "code": "0", "tail": ""}\n',
]  # fmt: skip


@pytest.mark.parametrize("lie", LIES, ids=range(len(LIES)))
def test_a_look_that_makes_no_sense_is_not_believed(lie: bytes) -> None:
    with Hostile(say(lie)) as machine, pytest.raises(TryAgain, match="machine-misbehaves"):
        machine.remote().peek("install-1", within=4)


@pytest.mark.parametrize(
    "lie", [b'{"behind": 3}\nab', b'{"behind": 3}\nabcd', b'{"behind": 9}\n' + b"x" * 9, b'{"behind": "3"}\nabc']
)
def test_a_slice_of_the_wrong_size_is_not_believed(lie: bytes) -> None:
    with Hostile(say(lie)) as machine, pytest.raises(TryAgain, match="machine-misbehaves"):
        machine.remote().read("/etc/hostname", offset=0, limit=8, within=4)


@pytest.mark.parametrize(
    "error", [b'"x"', b"{}", b'{"code": "<b>", "detail": "\\u001b[2J\\u202ehidden"}', b'{"code": [1]}']
)
def test_a_refusal_is_only_ever_plain_text(error: bytes) -> None:
    with Hostile(say(b'{"error": ' + error + b"}\n")) as machine, pytest.raises(Stop) as stop:
        machine.remote().call("facts", within=4)

    assert stop.value.params.get("said", "") == ""
    assert not {"\x1b", "\u202e"} & set(str(stop.value.params.get("detail", "")))


@pytest.mark.parametrize("kind", ["auth-agent@openssh.com", "x11", "forwarded-tcpip", "session"])
def test_a_machine_opens_nothing_towards_us(kind: str) -> None:
    refused: list[str] = []

    def behave(channel: paramiko.Channel, question: bytes) -> None:
        try:
            machine.transports[0].open_channel(kind, ("127.0.0.1", 1), ("127.0.0.1", 2), timeout=3)
        except paramiko.ChannelException:
            refused.append(kind)
        say(b"{}")(channel, question)

    with Hostile(behave) as machine:
        machine.remote().call("facts", within=6)

    assert refused == [kind]


def test_the_command_line_is_constant_and_carries_no_value() -> None:
    with Hostile(say(b'{"started": true}\n')) as machine:
        machine.remote().put("/etc/needle", b"needle", within=4)
        machine.remote().call("job-start", {"name": "needle"}, within=4)

    assert len(machine.commands) == 2
    assert not any(b"needle" in command for command in machine.commands)


def test_a_machine_without_python_is_told_as_that() -> None:
    with Hostile(say(b"", 127)) as machine, pytest.raises(GiveUp, match="machine-without-python"):
        machine.remote().reach(within=4)


def test_threads_do_not_stay_behind() -> None:
    before = threading.active_count()
    with Hostile(say(b"nonsense")) as machine:
        remote = machine.remote()
        for _ in range(5):
            with pytest.raises(TryAgain):
                remote.reach(within=2)
        remote.pool.session(remote.login).drop()

    until("all threads have ended", lambda: threading.active_count() <= before)
