"""Values reach a program byte for byte, or are refused; no shell ever sees them."""

import json
import os
from pathlib import Path

import pytest

from tests.machine.onboard import Json, Onboard

pytestmark = pytest.mark.thorough

SHOW = "import os, sys; sys.stdout.buffer.write(repr(os.environb[b'VALUE']).encode())"
HARD = [
    b"",
    b" leading and trailing ",
    b"'single' \"double\" `tick`",
    b"line one\nline two\r\n\n",
    b"$(touch /tmp/pwned) ${HOME} $HOME %s %n !! ; & | > < * ? [a] ~",
    b"back\\slash \\n \\0 \\",
    "größer ☃ \U0001f600".encode(),
    b"\xff\xfe invalid \xc3(",
    b"\x01\x1b[31m\x7f",
    b"NAME=value\nOTHER=value",
    b"x" * 100_000,
]


def environment(board: Onboard, content: object, mode: int = 0o600) -> str:
    """Write an environment file."""
    path = board.root / "values.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    path.chmod(mode)
    return str(path)


def shown(board: Onboard, file: str, name: str = "show") -> Json:
    """Run a program that shows VALUE."""
    board.start(name, "python3", "-c", SHOW, env_file=file)
    return board.ended(name)


@pytest.mark.parametrize("value", HARD, ids=range(len(HARD)))
def test_a_value_arrives_byte_for_byte(board: Onboard, value: bytes) -> None:
    file = environment(board, {"VALUE": os.fsdecode(value)})

    seen = shown(board, file)

    offset = len(repr(value))
    assert (seen["code"], seen["written"]) == (0, offset)
    assert seen["log"] == repr(value).encode()[:65536]


REFUSED = [{"V": "a\0b"}, {"BAD-NAME": "x"}, {"": "x"}, {"A=B": "x"}, {"N\n": "x"}, {"N": 1}, {"N": None}]


@pytest.mark.parametrize("content", [*REFUSED, ["N"], "{", '{"N": "\\ud800"}'])
def test_what_cannot_be_carried_is_refused_before_the_job_exists(board: Onboard, content: object) -> None:
    answer = board.start("refused", "true", env_file=environment(board, content))

    assert answer["error"]["code"] == "bad-env-file"
    assert board.peek("refused") == {"state": "none"}


def test_a_refusal_does_not_tell_the_value(board: Onboard) -> None:
    answer = board.start("refused", "true", env_file=environment(board, {"PASSWORD": "open\0sesame"}))

    assert "PASSWORD" in answer["error"]["detail"]
    assert "sesame" not in str(answer)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_file_that_others_can_touch_is_refused(board: Onboard, mode: int) -> None:
    answer = board.start("open", "true", env_file=environment(board, {}, mode))

    assert answer["error"]["code"] == "bad-env-file"


def test_a_link_or_a_missing_file_is_refused(board: Onboard) -> None:
    link = board.root / "link.json"
    link.symlink_to(environment(board, {}))

    assert board.start("link", "true", env_file=str(link))["error"]["code"] == "bad-env-file"
    assert board.start("none", "true", env_file="/no/such/file")["error"]["code"] == "bad-env-file"


def test_nothing_of_ours_leaks_into_the_environment(board: Onboard) -> None:
    board.environment["SSH_CONNECTION"] = "1.2.3.4 5 6.7.8.9 22"
    file = environment(board, {"MINE": "1"})
    board.start("clean", "env", "-0", env_file=file)

    seen = {record.split(b"=")[0] for record in board.ended("clean")["log"].split(b"\0") if record}

    ours = {
        b"PATH",
        b"HOME",
        b"USER",
        b"LOGNAME",
        b"SHELL",
        b"LANG",
        b"FAIRGROUND_ENV",
        b"FAIRGROUND_JOB",
        b"FAIRGROUND_ROOT",
    }
    assert seen == ours | {b"MINE"}


def test_no_value_is_in_any_command_line(board: Onboard) -> None:
    file = environment(board, {"VALUE": "needle-in-a-haystack"})
    board.start("secret", "sleep", "1000", env_file=file)
    board.run("secret")

    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]

    assert not any(b"needle-in-a-haystack" in line for line in lines)
