"""The one who stays with a job while it runs: keeps its output, its deadline and its exit status.

It runs on its own, in its own session, and holds the lock of the job's folder for as long as it lives: that is how the
others know. The program gets a session of its own; what leaves that session (a daemon) is left alone, what stays in its
group when the program has ended gets a second to end, then TERM, then KILL.
"""

from __future__ import annotations

import os
import select
import signal
import time
from pathlib import Path
from typing import Any, NoReturn

from machine.onboard import kernel
from machine.onboard.job_log import LogWriter
from machine.onboard.places import flush_folder, read_json, write_json
from machine.onboard.program import Program

GRACE = 5.0
"""Seconds between TERM and KILL."""
LINGER = 1.0
"""Seconds that the rest of the group has to end by itself after the program (a `tee`, say)."""
DEADLINE_CODE = 124
ENDED_CODE = 143
LOST_CODE = 137
CHUNK = 64 * 1024
RESERVE = 1024
"""Bytes set aside at the start, so that the exit status can be written when the disk is full."""


def job_run(folder: Path, lock: int) -> None:
    """Run a claimed job to its end. `lock` is the number of the open, locked file."""
    job = read_json(folder / "job.json") or {}
    run = Run(folder, job)
    run.begin()
    run.watch()
    run.sweep()
    finish(folder, run.code, run.cause)
    os.close(lock)
    run.hand_over()


def program_of(job: dict[str, Any]) -> Program:
    """What a job's description says is to be run."""
    mark = {"FAIRGROUND_JOB": job["name"]}
    return Program(job["argv"], job["directory"], job["user"], job["env_file"], mark)


def reserve(folder: Path) -> None:
    """Set room aside for the exit status."""
    (folder / "exit.part").write_bytes(b" " * RESERVE)


def finish(folder: Path, code: int, cause: str) -> None:
    """Write the exit status into the room that was set aside; then, in one moment, let it count."""
    told = f'{{"code": {code}, "cause": "{cause}", "at": {int(time.time())}}}'
    with (folder / "exit.part").open("r+b") as file:
        file.write(told.encode().ljust(RESERVE))
        file.flush()
        os.fsync(file.fileno())
    (folder / "exit.part").rename(folder / "exit.json")
    flush_folder(folder)


class Run:
    """One run of one job."""

    def __init__(self, folder: Path, job: dict[str, Any]) -> None:
        self.folder = folder
        self.job = job
        self.log = LogWriter(folder)
        self.code = LOST_CODE
        self.cause = "exited"
        self.asked = False
        self.open = True
        self.until = 0.0
        self.stops = 0
        self.wake, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self.ask)
        self.poll = select.poll()
        self.poll.register(self.wake, select.POLLIN)

    def ask(self, *_: object) -> None:
        """`job-end` wants an end."""
        self.asked = True

    def begin(self) -> None:
        """Start the program; it waits at a gate until it is written down who it is."""
        self.output, outlet = os.pipe2(os.O_CLOEXEC)
        gate, opener = os.pipe2(os.O_CLOEXEC)
        self.leader = os.fork()
        if self.leader == 0:
            enter(program_of(self.job), gate, opener, outlet)
        os.close(outlet)
        os.close(gate)
        os.set_blocking(self.output, False)
        self.poll.register(self.output, select.POLLIN)
        self.until = time.monotonic() + self.job["timeout"]
        write_json(self.folder / "run.json", self.told())
        os.write(opener, b"!")
        os.close(opener)

    def told(self) -> dict[str, Any]:
        """Who runs, for those who come later."""
        return {
            "pid": self.leader,
            "since": kernel.started(self.leader),
            "runner": os.getpid(),
            "runner_since": kernel.started(os.getpid()),
            "mark": kernel.reboot_mark(),
            "at": int(time.time()),
        }

    def watch(self) -> None:
        """Until the program has ended: keep its output, keep its deadline, obey `job-end`."""
        while not self.reaped():
            self.listen(self.until - time.monotonic())
            late = time.monotonic() >= self.until
            if self.asked and not self.stops:
                self.stop("ended", ENDED_CODE)
            elif late and self.stops > 2:
                return  # not even KILL reaches it; it is told as killed
            elif late:
                self.stop("deadline", DEADLINE_CODE)

    def stop(self, cause: str, code: int) -> None:
        """TERM first, then KILL, to the whole group."""
        if not self.stops:
            self.cause, self.code = cause, code
        kernel.signal_group(self.leader, signal.SIGKILL if self.stops else signal.SIGTERM)
        self.stops += 1
        self.until = time.monotonic() + GRACE

    def reaped(self) -> bool:
        """Has the program itself ended?"""
        pid, status = os.waitpid(self.leader, os.WNOHANG)
        if pid and self.cause == "exited":
            self.code = os.waitstatus_to_exitcode(status)
            self.code = 128 - self.code if self.code < 0 else self.code
        return bool(pid)

    def sweep(self) -> None:
        """See to it that nothing of the group is left, and take what was still in the pipe."""
        for patience, number in ((LINGER, signal.SIGTERM), (GRACE, signal.SIGKILL), (LINGER, signal.SIGKILL)):
            if not self.left(patience):
                break
            kernel.signal_group(self.leader, number)
        self.listen(0)

    def left(self, patience: float) -> bool:
        """Is anything of the group still there after so many seconds?"""
        end = time.monotonic() + patience
        while kernel.group(self.leader):
            if time.monotonic() >= end:
                return True
            self.listen(0.05)
        return False

    def listen(self, seconds: float) -> None:
        """Take output as it comes; return when the time is over or something has happened."""
        for descriptor, _ in self.poll.poll(max(0.0, seconds) * 1000):
            if descriptor == self.wake:
                os.read(self.wake, CHUNK)
            else:
                self.drain()

    def drain(self) -> None:
        """Read what there is, but not for ever: a program that never stops talking still has a deadline."""
        for _ in range(64):
            try:
                chunk = os.read(self.output, CHUNK)
            except BlockingIOError:
                return
            if not chunk:
                self.poll.unregister(self.output)
                self.open = False
                return
            self.log.add(chunk)

    def hand_over(self) -> None:
        """A daemon may still hold our pipe and must not die of writing to it: something small goes on reading."""
        if self.open:
            os.set_blocking(self.output, True)
            os.dup2(self.output, 0)
            os.execvp("cat", ["cat"])  # noqa: S606 - no shell is the point


def enter(program: Program, gate: int, opener: int, outlet: int) -> NoReturn:
    """In the child: a session of its own, nothing to read, everything it says into the pipe; then wait for the gate."""
    os.setsid()
    os.close(opener)
    signal.set_wakeup_fd(-1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(outlet, 1)
    os.dup2(outlet, 2)
    if not os.read(gate, 1):
        os._exit(LOST_CODE)  # the runner died before it could write us down: as if we had never been
    program.become()
