"""The wire breaks at any byte, or goes dead without a word: jobs run once, output has no gaps, nobody waits long."""

import random
import socket
import time

import pytest

from provisioning.errors import NotYet, TryAgain
from provisioning.ssh import SshRemote
from provisioning.ssh.bounds import QUIET
from provisioning.ssh.session import IDLE
from provisioning.step import Exited, RemoteJob, Running
from tests.ssh.sshd import Proxy, Sshd
from tests.waiting import until

pytestmark = [pytest.mark.sshd, pytest.mark.thorough]

COUNT = "echo run >> {root}/runs; i=0; while [ $i -lt 3000 ]; do echo line $i of the installer; i=$((i+1)); done"
WHOLE = b"".join(b"line %d of the installer\n" % number for number in range(3000))


def launched(remote: SshRemote, job: RemoteJob, read: bytearray) -> bool:
    """One pass of somebody who starts a job and reads its output, and who may be cut off anywhere."""
    try:
        remote.start(job, within=5)
        seen = remote.peek(job.name, offset=len(read), wait=0.2, within=5)
    except (NotYet, TryAgain):
        return False
    assert isinstance(seen, (Running, Exited))
    assert seen.offset == len(read)
    read += seen.log
    return isinstance(seen, Exited) and len(read) == seen.written


@pytest.mark.parametrize("seed", range(10))
def test_a_wire_cut_at_any_byte_loses_and_repeats_nothing(sshd: Sshd, proxy: Proxy, seed: int) -> None:
    dice = random.Random(seed)
    remote = sshd.remote(proxy.port)
    job = RemoteJob("install-1", ("sh", "-c", COUNT.format(root=sshd.folder)))
    read = bytearray()

    def one_pass() -> bool:
        proxy.cut_after = proxy.passed + dice.randrange(1, 6000) if dice.random() < 0.7 else None
        return launched(remote, job, read)

    until("the job is read to its end", one_pass, seconds=60)
    assert (sshd.folder / "runs").read_text() == "run\n"
    assert bytes(read) == WHOLE


def test_a_wire_that_was_cut_between_two_calls_is_not_noticed_by_anybody(sshd: Sshd, proxy: Proxy) -> None:
    remote = sshd.remote(proxy.port)
    remote.reach(within=10)
    proxy.cut()

    assert remote.reach(within=10)
    assert sshd.logins() == 2


def test_a_wire_that_went_dead_costs_one_call_its_time(sshd: Sshd, proxy: Proxy) -> None:
    remote = sshd.remote(proxy.port)
    remote.reach(within=10)
    proxy.dead.set()
    began = time.monotonic()

    with pytest.raises(TryAgain, match="no-answer"):
        remote.call("facts", within=1)
    assert time.monotonic() - began < 30

    proxy.dead.clear()
    assert remote.reach(within=10)


def test_a_kept_wire_that_went_dead_is_found_out_before_it_is_used(sshd: Sshd, proxy: Proxy) -> None:
    remote = sshd.remote(proxy.port)
    remote.reach(within=10)
    proxy.dead.set()
    session = remote.pool.session(remote.login)
    session.used_at -= 2 * IDLE

    assert not session.usable()
    proxy.dead.clear()
    assert remote.reach(within=10)


def test_a_kept_wire_wakes_nobody_until_something_comes(sshd: Sshd) -> None:
    remote = sshd.remote()
    remote.reach(within=10)
    wire = remote.pool.session(remote.login).wire
    assert wire
    assert wire.gettimeout() is None
    assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == QUIET


def test_a_dead_machine_costs_its_time(sshd: Sshd, proxy: Proxy) -> None:
    proxy.dead.set()
    began = time.monotonic()

    with pytest.raises(NotYet, match="not-started-yet"):
        sshd.remote(proxy.port).reach(within=1)
    assert time.monotonic() - began < 30
