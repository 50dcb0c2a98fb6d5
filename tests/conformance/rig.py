"""What the conformance suite needs of a fabric beyond its driver: to break it, and to look behind it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from provisioning.driver import Driver, Identity, MachineSpec


class Rig(Protocol):
    """One fabric with a way to its back side. `tests/conformance/rigs/<kind>.py` has `open_rig()`, which yields one."""

    driver: Driver
    owner: str
    effects_of_ensure: int
    """How many requests that change something a first `ensure` sends."""
    effects_of_remove: int
    holds: int
    """How many machines fit here at the same time."""
    patience: float
    """Seconds until a new machine runs."""

    def spec(self) -> tuple[MachineSpec, Identity]:
        """A new machine that fits here."""

    def machines(self, key: str) -> int:
        """How many machines with this key exist really, whoever owns them."""

    def reaches(self, spec: MachineSpec) -> bool:
        """Whether anything on the machine can be reached from this host."""

    def stop(self, key: str) -> None:
        """Power failure: it exists and does not run."""

    def destroy(self, key: str) -> None:
        """Somebody removes it behind our back, with all that belongs to it."""

    def plant_foreign(self, key: str) -> None:
        """Somebody else's machine has the very key."""

    def lose_reply(self, nth: int) -> None:
        """The nth changing request from now on is executed; its answer never comes."""

    def lose_request(self, nth: int) -> None:
        """The nth changing request from now on never arrives."""

    def paused(self) -> AbstractContextManager[None]:
        """The fabric takes requests and never answers; afterwards, it is as before."""

    def away(self) -> AbstractContextManager[None]:
        """Nobody listens; afterwards, it is as before."""

    def further_faults(self) -> Mapping[str, Callable[[], None]]:
        """What else this kind of place may do wrong, by name; each passes by itself, or with `calm`."""

    def calm(self) -> None:
        """Behave from now on."""

    def survives_memory(self, key: str, mib: int) -> bool:
        """Use this much memory on the machine; say whether it was let."""
