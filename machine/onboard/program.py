"""How a program of an app is started: which words, as whom, where, with which environment. Never through a shell."""

from __future__ import annotations

import json
import os
import pwd
import re
import signal
import stat
from types import MappingProxyType
from typing import Mapping, NamedTuple, NoReturn

from machine.onboard.wire import Refused

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
RESTORED = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGALRM)
"""Python ignores or catches some signals, and whoever started us may have too: a program begins with the defaults."""


class Account(NamedTuple):
    """A user of this machine, as far as a program needs one."""

    name: str
    uid: int
    gid: int
    home: str


class Program(NamedTuple):
    """Something to run. No dataclass, whose module takes as long to load as all of ours that start a job."""

    argv: list[str]
    directory: str = "/"
    user: str = "root"
    env_file: str = ""
    env: Mapping[str, str] = MappingProxyType({})  # ours, laid over the file's

    def check(self) -> None:
        """Refuse what could never start, before anything is written down."""
        if not self.argv:
            raise Refused("bad-input", "argv: expected at least one word")
        account(self.user)
        read_environment(self.env_file)

    def environment(self) -> dict[str, str]:
        """All that the program will find in its environment; nothing is inherited from us."""
        who = account(self.user)
        base = {
            "PATH": PATH,
            "HOME": who.home,
            "USER": who.name,
            "LOGNAME": who.name,
            "SHELL": "/bin/sh",
            "LANG": "C.UTF-8",
        }
        root = {"FAIRGROUND_ROOT": os.environ["FAIRGROUND_ROOT"]} if "FAIRGROUND_ROOT" in os.environ else {}
        file = {"FAIRGROUND_ENV": self.env_file} if self.env_file else {}
        return {**base, **root, **file, **read_environment(self.env_file), **self.env}

    def become(self) -> NoReturn:
        """Turn this very process into the program. On failure say why on standard error and leave with 126 or 127."""
        try:
            environment = self.environment()
            step_down(account(self.user))
            os.chdir(self.directory)
            os.umask(0o022)
            reset_signals()
            os.execvpe(self.argv[0], self.argv, environment)  # noqa: S606 - no shell is the point
        except (OSError, Refused) as error:
            os.write(2, f"cannot start {self.argv[0]!r}: {error}\n".encode(errors="backslashreplace"))
            os._exit(127 if isinstance(error, FileNotFoundError) else 126)


def read_environment(path: str) -> dict[str, str]:
    """Read an environment file: one JSON object, name → text, 0600 and owned by us. No file name, no values.

    JSON, because a value may hold quotes, newlines and anything else but NUL, and must arrive byte for byte; bytes that
    are not UTF-8 travel as lone surrogates (Python's "surrogateescape").
    """
    if not path:
        return {}
    try:
        values = json.loads(private_bytes(path))
    except ValueError as error:
        raise Refused("bad-env-file", f"{path}: not JSON: {error.__class__.__name__}")
    if not isinstance(values, dict):
        raise Refused("bad-env-file", f"{path}: expected an object")
    for name, value in values.items():
        check_value(path, name, value)
    return values


def check_value(path: str, name: str, value: object) -> None:
    """Refuse what the kernel could not carry. The value itself is never told."""
    if not NAME.fullmatch(name):
        raise Refused("bad-env-file", f"{path}: {name!r} is no name of a variable")
    if not isinstance(value, str) or "\0" in value:
        raise Refused("bad-env-file", f"{path}: {name}: expected text without NUL")
    try:
        os.fsencode(value)
    except UnicodeEncodeError:
        raise Refused("bad-env-file", f"{path}: {name}: neither UTF-8 nor bytes")


def private_bytes(path: str) -> bytes:
    """The content of a file that only we can read; refused if others can, or could have put it there."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            seen = os.fstat(file.fileno())
            if not stat.S_ISREG(seen.st_mode) or seen.st_mode & 0o077 or seen.st_uid != os.geteuid():
                raise Refused("bad-env-file", f"{path}: expected a file of ours with mode 0600")
            return file.read(4 << 20)
    except OSError as error:
        raise Refused("bad-env-file", str(error))


def account(name: str) -> Account:
    """Look a user up. Where we are not root, everything runs as ourselves, and only "root" may stand for that."""
    if os.geteuid() != 0:
        return myself(name)
    try:
        found = pwd.getpwnam(name)
    except (KeyError, ValueError):
        raise Refused("no-such-user", name)
    return Account(found.pw_name, found.pw_uid, found.pw_gid, found.pw_dir)


def myself(name: str) -> Account:
    """Whoever we are, if that is what was asked for."""
    found = pwd.getpwuid(os.geteuid())
    if name not in ("root", found.pw_name):
        raise Refused("no-such-user", f"{name}: only root can run a program as somebody else")
    return Account(found.pw_name, found.pw_uid, found.pw_gid, found.pw_dir)


def step_down(who: Account) -> None:
    """Become that user for good."""
    if os.geteuid() == 0:
        os.initgroups(who.name, who.gid)
        os.setgid(who.gid)
        os.setuid(who.uid)


def reset_signals() -> None:
    """Give the program the signals as the kernel means them."""
    for number in RESTORED:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
