"""The four verbs on a place in memory."""

from collections.abc import Sequence
from datetime import timedelta

from provisioning.driver import (
    ABSENT,
    Capabilities,
    Departure,
    Endpoint,
    Identity,
    MachineSpec,
    RollCall,
    Seen,
    Sighting,
)
from provisioning.errors import Blame, GiveUp, TryAgain
from provisioning.fabrics.memory.place import Ghost, Place
from provisioning.fabrics.memory.remote import MemoryRemote
from provisioning.step import Remote


class MemoryDriver:
    """A driver like any other, whose machines are dictionary entries."""

    capabilities = Capabilities(enforces_memory=False, may_switch_off=True)
    settling = timedelta(0)

    def __init__(self, place: Place, owner: str) -> None:
        self.place = place
        self.owner = owner

    def ensure(self, spec: MachineSpec, identity: Identity, *, within: float) -> Sighting:
        """Make one, or start the one that is there."""
        self._answers()
        self._has_room(spec)
        ghost = self.place.machines.get(spec.key)
        if ghost is None or ghost.seen == Seen.REMAINS:
            ghost = self.place.machines[spec.key] = self._made(spec)
            self.place.at_port.update(dict.fromkeys((port.outer for port in spec.ports), ghost))
            self.place.made.append(spec.key)
        if ghost.owner != self.owner:
            raise GiveUp("machine-is-not-ours", blame=Blame.FABRIC, key=spec.key)
        ghost.on_network = True
        if ghost.seen == Seen.STOPPED:
            ghost.seen, ghost.looks, ghost.reboot = Seen.STARTING, 0, ghost.reboot + 1
        self._replies()
        return self._sight(ghost)

    def see(self, key: str, *, within: float) -> Sighting:
        """Look."""
        self._answers()
        ghost = self.place.machines.get(key)
        return self._sight(ghost) if ghost and ghost.owner == self.owner else self._absent()

    def remove(self, key: str, *, within: float) -> Sighting:
        """Remove it, at once or after a few looks."""
        self._answers()
        ghost = self.place.machines.get(key)
        if ghost and ghost.owner == self.owner:
            if self.place.slow_removals:
                self.place.slow_removals -= 1
                return self._sight(ghost)
            del self.place.machines[key]
        self._replies()
        return self._absent()

    def cut(self, key: str, *, within: float) -> None:
        """Take it off its network."""
        self._answers()
        ghost = self.place.machines.get(key)
        if ghost and ghost.owner == self.owner:
            ghost.on_network = False
        self._replies()

    def roll_call(self, *, within: float) -> RollCall:
        """Everything that is ours."""
        self._answers()
        if self.place.partial_lists:
            self.place.partial_lists -= 1
            return RollCall(complete=False, keys=frozenset())
        ours = {key: ghost for key, ghost in self.place.machines.items() if ghost.owner == self.owner}
        remains = frozenset(key for key, ghost in ours.items() if ghost.seen == Seen.REMAINS)
        return RollCall(True, frozenset(ours), remains)

    def departures(self, *, within: float) -> Sequence[Departure]:
        """What the place has said and nobody has taken away."""
        self._answers()
        return [Departure(receipt, place_id, "gone") for receipt, place_id in list(self.place.messages.items())[:10]]

    def heard(self, receipt: str, *, within: float) -> None:
        """Take it away."""
        self._answers()
        self.place.messages.pop(receipt, None)
        self._replies()

    def console(self, key: str, *, within: float) -> bytes:
        """What a machine of this kind says when it starts."""
        self._answers()
        ghost = self.place.machines.get(key)
        return b"login: nobody answers\n" if ghost and ghost.owner == self.owner else b""

    def remote(self, key: str) -> Remote:
        """The wire to a machine in memory."""
        return MemoryRemote(self.place, key)

    def _made(self, spec: MachineSpec) -> Ghost:
        silent, slow = self.place.silent > 0, self.place.slow > 0
        self.place.silent, self.place.slow = max(0, self.place.silent - 1), max(0, self.place.slow - 1)
        return Ghost(spec, self.owner, silent=silent, slow=slow)

    def _answers(self) -> None:
        if self.place.away:
            self.place.away -= 1
            raise TryAgain("place-away", blame=Blame.FABRIC)

    def _absent(self) -> Sighting:
        if self.place.silent_host:
            raise TryAgain("place-away", blame=Blame.FABRIC, host=self.place.silent_host)
        return ABSENT

    def _has_room(self, spec: MachineSpec) -> None:
        if self.place.no_room and spec.key not in self.place.machines:
            self.place.no_room -= 1
            raise TryAgain("place-is-full", blame=Blame.FABRIC)
        if spec.turn in self.place.full_turns:
            raise TryAgain("zone-is-full", blame=Blame.FABRIC)
        if not self.place.taken_ports.isdisjoint(port.outer for port in spec.ports):
            raise TryAgain("ports-in-use", blame=Blame.FABRIC)

    def _replies(self) -> None:
        if self.place.lost_replies:
            self.place.lost_replies -= 1
            raise TryAgain("place-away", blame=Blame.FABRIC)

    def _sight(self, ghost: Ghost) -> Sighting:
        if ghost.seen == Seen.STARTING and not ghost.slow:
            ghost.looks += 1
            if ghost.looks > self.place.boot_looks:
                ghost.seen = Seen.RUNNING
        ports = {port.name: Endpoint("memory", port.outer) for port in ghost.spec.ports}
        ssh = Endpoint("memory", ghost.spec.ssh_port)
        return Sighting(ghost.seen, ghost.spec.key[:12], ssh, ports, on_network=ghost.on_network)
