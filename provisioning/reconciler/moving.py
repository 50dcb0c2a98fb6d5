"""How the steps of a move write: the machine at the other place, the change of places, and why it stayed."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from provisioning import admission
from provisioning.errors import NotYet
from provisioning.models import Deployment, Entry, Machine, statements
from provisioning.models.reconciled import woken
from provisioning.nudge import nudge_on_commit
from provisioning.phases import Happened, Kind, Lane, Phase, Settled, Stand, Wanted
from provisioning.reconciler.lease import Lease
from provisioning.slots import new_machine
from provisioning.steps.words import REPLACED_ONCE, TAKEN

MOVE_AGAIN = timedelta(minutes=10)
"""When a move is tried again that another place could not take after all."""
OF_THE_PLACE = TAKEN | REPLACED_ONCE | {"place-is-full", "place-away", "place-troubled"}


class MovingRows:
    """The part of a deployment's book that is about its way to another place."""

    lease: Lease[Deployment]
    machines: dict[str, Machine]
    touched: bool

    def need_next(self) -> None:
        with self.lease.admitting():
            row = self.lease.row
            fabric = admission.room_elsewhere(row, self.lease.at)
            machine = new_machine(row, fabric, "main", 1, self.lease.at, stand=Stand.NEXT)
            statements.insert(machine)
            nudge_on_commit(Kind.MACHINE, machine.pk)
        self.touched = True

    def move_over(self) -> None:
        at = self.lease.at
        moving = {"building_since": at, "moving_since": at, "steps_done": [], "answered_times": 0}
        self.lease.move(Phase.BUILDING, told={"moves": self._places()}, **moving)
        raise NotYet("moves-over", after=timedelta(0))

    def swap(self) -> None:
        up = Machine.objects.filter(deployment=self.lease.row, wanted=Wanted.UP)
        has_copy = any(machine.settled == Settled.ARCHIVED for machine in self.machines.values())
        with self.lease.fence():
            up.filter(stand=Stand.MAIN).update(stand=Stand.BEFORE)
            up.filter(stand=Stand.NEXT).update(stand=Stand.MAIN)
            self._note(did="moved" if has_copy else "moved-anew")
            self.lease.write(moving_since=None, move_asked_at=None, move_problem="", place_id=None)
        raise NotYet("has-moved", after=timedelta(0))

    def stay(self, why: str, params: Mapping[str, Any]) -> None:
        up = Machine.objects.filter(deployment=self.lease.row, wanted=Wanted.UP)
        self.touched = True
        again = self.lease.at + MOVE_AGAIN if why in OF_THE_PLACE else None
        with self.lease.fence():
            goes = {"settled": Settled.NEVER_LOADED, "wanted": Wanted.GONE, **woken(self.lease.at, Lane.ENDING)}
            up.filter(stand=Stand.NEXT).update(**goes)
            up.filter(stand=Stand.MAIN).update(settled=Settled.NOT_YET, settled_by=None, hold_until=None)
            if why and why != self.lease.row.move_problem:  # what is tried again and again is told once
                self._note(did="stayed", code=why, params=dict(params))
            self.lease.write(moving_since=None, move_asked_at=again, move_problem=why, building_since=self.lease.at)

    def _note(self, **told: Any) -> None:
        cause = f"move:{self.lease.epoch}:{told['did']}"
        Entry.objects.write(self.lease.row, Happened.MOVE, at=self.lease.at, cause=cause, **told, **self._places())

    def _places(self) -> dict[str, Any]:
        """From where to where, by their names."""
        names = {
            machine.stand: machine.fabric.name for machine in self.machines.values() if machine.wanted == Wanted.UP
        }
        return {"origin": names.get(Stand.MAIN, ""), "target": names.get(Stand.NEXT, "")}
