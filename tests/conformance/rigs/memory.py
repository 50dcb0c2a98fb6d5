"""The rig of the memory fabric: its place, whose moods are the faults."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from provisioning.driver import Identity, MachineSpec
from provisioning.fabrics.memory import open_driver, place
from provisioning.fabrics.memory.place import Ghost
from tests.engine import make_spec

MARKS: list[object] = []
ALWAYS = 1_000_000


class MemoryRig:
    """See `tests.conformance.rig.Rig`."""

    effects_of_ensure = 1
    effects_of_remove = 1
    holds = 8
    patience = 5.0

    def __init__(self) -> None:
        self.owner = secrets.token_hex(16)
        self._name = secrets.token_hex(4)
        self.place = place(self._name)
        self.driver = open_driver({"place": self._name}, self.owner)

    def spec(self) -> tuple[MachineSpec, Identity]:
        return make_spec(self.owner)

    def machines(self, key: str) -> int:
        return int(key in self.place.machines)

    def reaches(self, spec: MachineSpec) -> bool:
        return self.place.machines[spec.key].on_network

    def stop(self, key: str) -> None:
        self.place.kill(key)

    def destroy(self, key: str) -> None:
        self.place.destroy(key)

    def plant_foreign(self, key: str) -> None:
        spec, _ = make_spec("f" * 32, key=key)
        self.place.machines[key] = Ghost(spec, "f" * 32)

    def lose_reply(self, nth: int) -> None:
        self.place.lost_replies = nth

    def lose_request(self, nth: int) -> None:
        self.place.away = nth

    @contextmanager
    def paused(self) -> Iterator[None]:
        self.place.away = ALWAYS
        yield
        self.place.away = 0

    away = paused

    def further_faults(self) -> Mapping[str, Callable[[], None]]:
        def mood(**changed: int) -> Callable[[], None]:
            return lambda: vars(self.place).update(changed)

        return {
            "no room": mood(no_room=3),
            "half a list": mood(partial_lists=2),
            "slow to remove": mood(slow_removals=3),
        }

    def calm(self) -> None:
        self.place.away = self.place.lost_replies = self.place.no_room = 0
        self.place.partial_lists = self.place.slow_removals = 0

    def survives_memory(self, key: str, mib: int) -> bool:
        return True


@contextmanager
def open_rig() -> Iterator[MemoryRig]:
    """A rig on a place of its own."""
    yield MemoryRig()
