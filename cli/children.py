"""Web and workers: started together, watched, started again with back-off, ended together."""

import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from types import FrameType

from cli import programs
from cli.talk import say

STEADY = 30.0  # seconds; a child that lived so long has its falls forgiven
LONGEST = 30.0  # seconds between two tries at most


@dataclass
class Child:
    """One program that must run as long as we do."""

    name: str
    words: list[str]
    env: Mapping[str, str] = field(default_factory=dict)
    running: subprocess.Popen[bytes] | None = None
    began: float = 0
    falls: int = 0
    again_at: float = 0

    def start(self) -> None:
        """Start it, after ending what an earlier run that was killed may have left."""
        programs.stop(self.name, patience=5)
        self.running, self.began = programs.start(self.name, self.words, self.env), time.monotonic()

    def look(self) -> None:
        """Start it again if it fell, later and later: after 1 s, 2 s, 4 s … 30 s."""
        now = time.monotonic()
        if self.running and (code := self.running.poll()) is not None:
            self.falls = 1 if now - self.began > STEADY else self.falls + 1
            pause = min(2.0 ** (self.falls - 1), LONGEST)
            self.running, self.again_at = None, now + pause
            log = programs.log_file(self.name)
            say(f"{self.name} ended with code {code}; started again in {pause:.0f} s. See {log}")
        elif self.running is None and now >= self.again_at:
            self.start()


class Watch:
    """Runs the children until Ctrl-C or a SIGTERM."""

    def __init__(self, children: list[Child]) -> None:
        self.children = children
        self.over = False
        self.signals: SimpleQueue[int] = SimpleQueue()  # a handler may put something in at any moment

    def start(self) -> None:
        """From here on, Ctrl-C ends the children in good order."""
        signal.signal(signal.SIGINT, self._end)
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(signal.SIGCHLD, lambda number, _: self.signals.put(number))
        for child in self.children:
            child.start()

    def has_fallen(self) -> bool:
        """Whether one has ended by itself; to be asked before `run`, which starts it again."""
        return any(child.running is not None and child.running.poll() is not None for child in self.children)

    def run(self, also: Callable[[], None], every: float) -> None:
        """Watch until it is over; `also` is called so often at least. A child that ends is noticed at once."""
        next_look = time.monotonic()
        while not self.over:
            for child in self.children:
                child.look()
            if time.monotonic() >= next_look:
                also()
                next_look = time.monotonic() + every
            due = min([next_look, *(child.again_at for child in self.children if child.running is None)])
            with suppress(Empty):
                self.signals.get(timeout=max(0.01, due - time.monotonic()))

    def stop(self) -> None:
        """Ask all to end, then wait for each."""
        for child in self.children:
            if child.running:
                child.running.terminate()
        for child in self.children:
            programs.stop(child.name)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        self.over = True
        self.signals.put(number)
