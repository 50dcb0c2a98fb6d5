"""Keys, cargo and pool: the small parts of the wire."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from provisioning.driver import Endpoint, Secret
from provisioning.ssh import Login, SshRemote, make_key_pair
from provisioning.ssh.answers import last_lines, plain
from provisioning.ssh.cargo import cargo, pack
from provisioning.ssh.pool import STALE, Pool
from provisioning.step import Remote


def test_a_key_pair_is_one_that_openssh_reads(tmp_path: Path) -> None:
    pair = make_key_pair()
    path = tmp_path / "key"
    path.touch(mode=0o600)
    path.write_text(pair.private.reveal)

    shown = subprocess.run(["ssh-keygen", "-y", "-f", path], capture_output=True, text=True, check=True).stdout

    assert shown.split()[:2] == pair.public.split() == ["ssh-ed25519", pair.public.split()[1]]
    assert pair.private.reveal not in repr(pair)


def test_the_same_files_make_the_same_cargo() -> None:
    assert pack() == pack() == cargo().content
    assert cargo().folder == cargo().digest[:16]


def test_times_and_modes_of_the_checkout_do_not_matter() -> None:
    before = pack()
    path = Path("machine/onboard/facts.py").resolve()
    old = path.stat()
    os.utime(path, (0, 0))
    try:
        assert pack() == before
    finally:
        os.utime(path, (old.st_atime, old.st_mtime))


def login(number: int) -> Login:
    """Somebody."""
    return Login(Endpoint("192.0.2.1", number), "ssh-ed25519 AAAA", Secret("x"))


def test_our_end_of_the_wire_is_what_the_steps_are_promised() -> None:
    remote: Remote = SshRemote(login(1), pool=Pool())

    assert remote


def test_a_login_has_one_session() -> None:
    pool = Pool()

    assert pool.session(login(1)) is pool.session(login(1))
    assert pool.session(login(1)) is not pool.session(login(2))


def test_the_one_asked_for_longest_ago_leaves_and_one_at_work_never() -> None:
    pool = Pool(most=2)
    with pool.session(login(1)).lock:
        for number in (2, 3, 4):
            pool.session(login(number))

    assert list(pool.sessions) == [login(1), login(4)]


def test_a_session_unused_for_long_is_closed() -> None:
    pool = Pool()
    pool.session(login(1)).used_at -= 2 * STALE
    pool.session(login(2))

    assert list(pool.sessions) == [login(2)]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a\x1b[31mb\x1b[0m", "ab"),
        ("\x1b]0;title\x07x", "x"),
        ("10%\r20%\r30%", "30%"),
        ("done\r\nnext", "done\nnext"),
        ("a\x00\x08\x7fb\tc", "ab\tc"),
        ("\u202eevil", "evil"),
        ("half \ud800 a letter", "half  a letter"),
    ],
)
def test_what_people_see_holds_no_control_sequences(raw: str, shown: str) -> None:
    assert plain(raw) == shown


def test_the_last_lines_are_short() -> None:
    assert last_lines(b"".join(b"line %d\n" % number for number in range(100)), lines=2) == "line 98\nline 99"
    assert len(last_lines(b"\xff" * 100_000)) == 2000


def test_what_paramiko_wants_and_nobody_here_needs_is_not_loaded() -> None:
    asked = "import provisioning.ssh, sys; assert sys.modules['paramiko'] and not sys.modules['invoke']"
    subprocess.run([sys.executable, "-c", asked], check=True)
