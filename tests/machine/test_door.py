"""The one door: what it says to those who ask wrongly, and that it opens on every Python we promise."""

import ast
import hashlib
import platform
import signal
import subprocess
from pathlib import Path

import pytest

from provisioning.ssh.cargo import ONBOARD
from tests.machine.onboard import Onboard

pytestmark = pytest.mark.thorough

FILES = sorted(ONBOARD.glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_is_python_3_9(path: Path) -> None:
    ast.parse(path.read_text(), feature_version=(3, 9))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_with_annotations_puts_their_evaluation_off(path: Path) -> None:
    text = path.read_text()

    assert "def " not in text or path.name == "__main__.py" or "from __future__ import annotations" in text


def test_an_unknown_verb_is_told(board: Onboard) -> None:
    assert board.ask("fly")["error"] == {"code": "no-such-verb", "detail": "fly"}


@pytest.mark.parametrize("line", [b"{", b"[]", b"\xff", b'"x"'])
def test_what_is_not_an_object_is_told(board: Onboard, line: bytes) -> None:
    done = subprocess.run([board.code / "onboard", "job-peek"], input=line, capture_output=True, check=True)

    assert b'"code": "not-json"' in done.stdout


def converse(board: Onboard, said: bytes) -> subprocess.CompletedProcess[bytes]:
    """Say all this in one conversation."""
    words = [str(board.code / "onboard"), "converse"]
    return subprocess.run(words, input=said, env=board.environment, capture_output=True, check=False)


def test_a_conversation_is_answer_after_answer(board: Onboard) -> None:
    put = b'{"verb": "put", "path": "%b", "sha256": "%b", "behind": 3}\nabc' % (
        str(board.root / "file").encode(), hashlib.sha256(b"abc").hexdigest().encode(),
    )  # fmt: skip
    read = b'{"verb": "read", "path": "%b", "offset": 1, "limit": 9}\n' % str(board.root / "file").encode()

    done = converse(board, put + b'{"verb": "fly"}\n' + read)

    assert done.stdout.split(b"\n") == [
        b'{"size": 3}', b'{"error": {"code": "no-such-verb", "detail": "fly"}}',
        b'{"size": 3, "behind": 2}', b"bc",
    ]  # fmt: skip
    assert done.returncode == 0


def test_a_conversation_ends_with_a_question_that_is_none(board: Onboard) -> None:
    done = converse(board, b'nonsense\n{"verb": "facts"}\n')

    assert (done.returncode, done.stdout.count(b"\n")) == (1, 1)
    assert b'"code": "not-json"' in done.stdout


def test_a_conversation_in_which_nobody_asks_ends(board: Onboard) -> None:
    talk = subprocess.Popen([board.code / "onboard", "converse"], stdin=subprocess.PIPE)

    assert talk.wait(30) == -signal.SIGALRM
    assert talk.stdin
    talk.stdin.close()


def test_the_facts_are_those_of_this_machine(board: Onboard) -> None:
    facts = board.ask("facts")

    assert facts["architecture"] == platform.machine()
    assert facts["reboot_mark"].startswith(Path("/proc/sys/kernel/random/boot_id").read_text().strip() + "-")
    assert facts["system"].count(":") == 1
    assert 0 < facts["disk_used_mib"] < facts["disk_mib"]
    assert 0 < facts["memory_free_mib"] <= facts["memory_mib"]
