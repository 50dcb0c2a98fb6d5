"""A browser without a screen, for one picture: nobody's process with a profile of its own, two pipes and no open port.

It ends with us, however we end: when its pipe closes it quits, and its folder is taken away by whoever comes next.
"""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
START = Path(__file__).with_name("start.py")
MOST_MEMORY = 700 * 1024 * 1024
"""Bytes that the browser's processes may use together, of what they do not share."""
LOOK_EVERY = 0.2
LONGEST_MESSAGE = 8 * 1024 * 1024
STALE = 600.0
"""Seconds after which a folder is nobody's any more: no picture takes so long."""
FLAGS = (
    "--headless", "--remote-debugging-pipe", "--disable-gpu", "--disable-quic", "--disable-extensions", "--mute-audio",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    "--disable-dev-shm-usage", "--no-default-browser-check", "--no-proxy-server", "--hide-scrollbars",
    "--renderer-process-limit=1", "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--js-flags=--max-old-space-size=128", "--disable-breakpad", "--password-store=basic",
)  # fmt: skip

Json = dict[str, Any]


class NoPictureError(Exception):
    """No picture could be taken. The text says why, for the log."""


def program() -> str:
    """The browser that is installed here; empty = none."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), "")


@dataclass
class Browser:
    """A running browser, spoken to in the words of its debugging protocol."""

    child: subprocess.Popen[bytes]
    read: int
    write: int
    until: float
    """By time.monotonic()."""
    answers: dict[int, Json] = field(default_factory=dict)
    heard: list[Json] = field(default_factory=list)
    """Events that nobody has asked for yet."""
    _number: int = 0
    _rest: bytes = b""

    def tell(self, method: str, session: str = "", **params: Any) -> int:
        """Ask for something; return the number that its answer will carry."""
        self._number += 1
        message: Json = {"id": self._number, "method": method, "params": params}
        os.write(self.write, json.dumps(message | ({"sessionId": session} if session else {})).encode() + b"\0")
        return self._number

    def ask(self, method: str, session: str = "", **params: Any) -> Json:
        """Ask for something, and wait for the answer. Raises NoPictureError."""
        number = self.tell(method, session, **params)
        while number not in self.answers:
            self.listen(LOOK_EVERY)
        answer = self.answers.pop(number)
        if "error" in answer:
            raise NoPictureError(f"{method}: {answer['error'].get('message')}")
        result: Json = answer.get("result", {})
        return result

    def listen(self, seconds: float) -> None:
        """Take what has been said, waiting for it at most so long. Raises NoPictureError when its time or memory is over."""
        if time.monotonic() > self.until:
            raise NoPictureError("it took too long")
        if not select.select([self.read], [], [], seconds)[0]:
            return self._check_memory()
        if not (said := os.read(self.read, 1024 * 1024)):
            raise NoPictureError("the browser ended")
        *messages, self._rest = (self._rest + said).split(b"\0")
        if len(self._rest) > LONGEST_MESSAGE:
            raise NoPictureError("the browser says too much")
        for message in map(json.loads, messages):
            if "id" in message:
                self.answers[message["id"]] = message
            else:
                self.heard.append(message)
        return None

    def _check_memory(self) -> None:
        if private_memory(self.child.pid) > MOST_MEMORY:
            raise NoPictureError("the page needs too much memory")


@contextmanager
def browser(rules: Sequence[str], *, within: float, flags: Sequence[str] = ()) -> Iterator[Browser]:
    """Start one that knows these names alone (`--host-resolver-rules`); end it, and all of it. Raises NoPictureError."""
    sweep()
    if not (found := program()):
        raise NoPictureError("no browser is installed")
    folder = tempfile.mkdtemp(prefix=prefix())
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    words = [*FLAGS, *flags, f"--user-data-dir={folder}", f"--host-resolver-rules={', '.join(rules)}", "about:blank"]
    start = [sys.executable, "-I", str(START), str(theirs_in), str(theirs_out), folder, found]
    child = None
    try:
        child = subprocess.Popen(
            [*start, *words], pass_fds=(theirs_in, theirs_out), start_new_session=True, cwd="/",
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={"PATH": os.environ.get("PATH", os.defpath), "HOME": folder, "LANG": "C.UTF-8"},
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        theirs_in = theirs_out = -1
        yield Browser(child, ours_in, ours_out, time.monotonic() + within)
    except (BrokenPipeError, json.JSONDecodeError) as broken:
        raise NoPictureError(str(broken))
    finally:
        for pipe in (theirs_in, theirs_out, ours_in, ours_out):
            if pipe >= 0:
                os.close(pipe)
        if child:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        shutil.rmtree(folder, ignore_errors=True)


def prefix() -> str:
    """How folders of ours are called; of this user's portals alone."""
    return f"fairground-camera-{os.geteuid()}-"


def sweep() -> None:
    """Take away what pictures left behind that were never finished."""
    for folder in Path(tempfile.gettempdir()).glob(f"{prefix()}*"):
        try:
            stale = time.time() - folder.stat().st_mtime > STALE
        except FileNotFoundError:
            continue
        if stale:
            shutil.rmtree(folder, ignore_errors=True)


def private_memory(session: int) -> int:
    """Bytes that the processes of this session use and do not share."""
    page, used = os.sysconf("SC_PAGE_SIZE"), 0
    for number in processes(session):
        try:
            _, resident, shared, *_ = Path(f"/proc/{number}/statm").read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        used += (int(resident) - int(shared)) * page
    return used


def processes(session: int) -> Iterator[int]:
    """The numbers of all processes of this session."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[3]) == session:
                yield int(entry.name)
