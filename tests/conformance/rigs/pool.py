"""The rig of a pool: containers with a real sshd as hosts, and a wire that loses questions and answers when told to."""

import itertools
import json
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import pytest

from provisioning.driver import Identity, MachineSpec
from provisioning.errors import NotYet
from provisioning.fabrics.pool import open_driver
from provisioning.ssh.conversation import Done
from provisioning.ssh.pool import Pool
from provisioning.ssh.session import Login, Session
from tests.engine import make_spec, wait_for
from tests.pool.hosts import FREE, Computer, Room, open_room

MARKS = [pytest.mark.engine]
CHANGES = ("host-claim", "host-confirm", "host-cut", "host-wipe")
RESERVATION = "/var/lib/fairground-host/reservation"
HOSTS = (1, 10, 2)  # an address that is the beginning of another


class LossyWire(Pool):
    """Real connections; the nth change from now on is not sent, or its answer is thrown away and the line cut."""

    def __init__(self) -> None:
        super().__init__()
        self.counting = threading.Lock()
        self.until, self.is_sent = 0, True

    def session(self, login: Login) -> Session:
        with self.lock:
            return self.sessions.setdefault(login, LossySession(login, self))

    def lose(self, nth: int, *, is_sent: bool) -> None:
        """From now on."""
        self.until, self.is_sent = nth, is_sent

    def is_lost(self, question: bytes) -> bool:
        """Is this the one?"""
        if json.loads(question.partition(b"\n")[0])["verb"] not in CHANGES:
            return False
        with self.counting:
            self.until -= 1
            return self.until == 0


class LossySession(Session):
    """One of its connections."""

    def __init__(self, login: Login, wire: LossyWire) -> None:
        super().__init__(login)
        self.lossy = wire

    def ask(self, command: str, question: bytes, *, limit: int, seconds: float) -> Done:
        lost = self.lossy.is_lost(question)
        if not lost or self.lossy.is_sent:
            done = super().ask(command, question, limit=limit, seconds=seconds)
        if lost:
            self.drop()
            raise NotYet("not-started-yet")
        return done


class PoolRig:
    """See `tests.conformance.rig.Rig`."""

    effects_of_ensure = 2  # claim, confirm
    effects_of_remove = 1
    holds = len(HOSTS)
    patience = 40.0

    def __init__(self, room: Room) -> None:
        self.room = room
        self.owner = secrets.token_hex(16)
        self.wire = LossyWire()
        self.turns = itertools.cycle(room.computers)
        self.silent: Computer | None = None
        self.driver = open_driver(room.options(), self.owner)
        for host in self.driver.hosts_here:
            host.remote.pool = self.wire

    def spec(self) -> tuple[MachineSpec, Identity]:
        self.make_room()
        spec, identity = make_spec(self.owner)
        return replace(spec, host_public_key=""), identity

    def make_room(self) -> None:
        """Hosts are few: those of tests that are over are freed by hand, as an admin would reinstall them."""
        if all(computer.says(f"test -e {RESERVATION}") for computer in self.room.computers):
            for computer in self.room.computers:
                computer.sh(FREE)

    def holders(self, key: str) -> list[Computer]:
        """Who says that it holds it."""
        look = f'grep -qs \'"key": "{key}"\' {RESERVATION}/reservation.json'
        return [computer for computer in self.room.computers if computer.says(look)]

    def machines(self, key: str) -> int:
        return len(self.holders(key))

    def reaches(self, spec: MachineSpec) -> bool:
        return any(computer.lets_in(spec.ports[0].number) for computer in self.holders(spec.key))

    def stop(self, key: str) -> None:
        for computer in self.holders(key):
            computer.silence()

    def destroy(self, key: str) -> None:
        for computer in self.holders(key):
            computer.sh(FREE)

    def plant_foreign(self, key: str) -> None:
        about = json.dumps({"state": "in use", "key": key, "portal": "f" * 32, "since": 0, "told": ""})
        free = next(one for one in self.room.computers if not one.says(f"test -e {RESERVATION}"))
        free.sh(f"mkdir -p {RESERVATION} && echo '{about}' > {RESERVATION}/reservation.json")

    def lose_reply(self, nth: int) -> None:
        self.wire.lose(nth, is_sent=True)

    def lose_request(self, nth: int) -> None:
        self.wire.lose(nth, is_sent=False)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Frozen: the kernel takes connections, and nobody answers."""
        for computer in self.room.computers:
            computer.freeze()
        try:
            yield
        finally:
            for computer in self.room.computers:
                computer.container.unpause()

    @contextmanager
    def away(self) -> Iterator[None]:
        for computer in self.room.computers:
            computer.silence()
        try:
            yield
        finally:
            for computer in self.room.computers:
                computer.answer()

    def further_faults(self) -> Mapping[str, Callable[[], None]]:
        return {"one host silent": self.silence_one, "one host started again": self.restart_one}

    def silence_one(self) -> None:
        """The next one falls silent, and the one that was answers again."""
        self.let_answer()
        self.silent = next(self.turns)
        self.silent.silence()

    def restart_one(self) -> None:
        computer = next(self.turns)
        computer.container.restart(timeout=1)
        wait_for(computer.answers)

    def calm(self) -> None:
        self.wire.lose(0, is_sent=True)
        self.let_answer()

    def let_answer(self) -> None:
        if self.silent:
            self.silent.answer()
        self.silent = None

    def survives_memory(self, key: str, mib: int) -> bool:
        return self.holders(key)[0].says(f"python3 -c 'bytearray({mib} << 20)'")


@contextmanager
def open_rig() -> Iterator[PoolRig]:
    """A rig on the engine of this machine."""
    with open_room(*HOSTS) as room:
        yield PoolRig(room)
