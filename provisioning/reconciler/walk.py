"""One pass over one row: claim it, choose a course, walk the steps, write down what came of it."""

import logging
import random
import time
from datetime import datetime, timedelta
from typing import Any

from provisioning import admission
from provisioning.errors import Blame, GiveUp, NotYet, Stop, TryAgain
from provisioning.models import Admission, Deployment, Machine, Reconciled, statements
from provisioning.models.reconciled import woken
from provisioning.nudge import nudge_on_commit
from provisioning.phases import Happened, Kind, Lane, Phase, Settled, Stand, Wanted
from provisioning.reconciler.book import DeploymentRows
from provisioning.reconciler.breaker import watched
from provisioning.reconciler.decide import Course, decide
from provisioning.reconciler.jobs import deployment_job, machine_job
from provisioning.reconciler.lease import Lease, LeaseLost
from provisioning.reconciler.plans import ONCE, PLANS, TRIAL
from provisioning.reconciler.world import World
from provisioning.slots import new_machine
from provisioning.steps.deployment.machines import WOKEN_BEFORE, Machines
from provisioning.steps.words import MISTAKE

log = logging.getLogger(__name__)

SOONEST, LATEST = timedelta(seconds=0.1), timedelta(seconds=5)
SHARE_OF_WAIT = 0.05
"""A row that has waited a minute is looked at every 3 s: late by 5 % at most, and cheap."""
LONGEST_BACKOFF = timedelta(minutes=5)
MISTAKE_PAUSE = timedelta(minutes=1)
"""A row that met a bug of ours is pushed away this far, so that it never stops the sweep."""

QUARANTINE_LOOK = timedelta(minutes=1)
WAYS_OUT = (Course.RETIRING, Course.GIVING_BACK)
"""Courses that take something away. In quarantine none is walked: a restored row may be wrong about what nobody needs."""

TO_READY = (Course.LAUNCHING, Course.MOVING)
SHUT_LOOK = timedelta(seconds=30)
"""An engine that starts anew, or a program that makes it start its machine anew, gives networks back unasked."""

TOGETHER = 10
"""Seconds: looks at what simply runs fall on moments that so many divide. Each alone would wake all that a look touches."""

ROWS: dict[Kind, type[Reconciled]] = {Kind.DEPLOYMENT: Deployment, Kind.MACHINE: Machine}


def reconcile(kind: Kind, pk: int, *, at: datetime, world: World) -> datetime | None:
    """Do one pass. Return when the next is due; None if there is nothing to do or somebody else does it."""
    lease = Lease.claim(ROWS[kind], pk, at)
    return None if lease is None else Pass(kind, lease, world).run()


def in_company(look: datetime) -> datetime:
    """The moment for this look at which others are due too; rather early than late."""
    return look - timedelta(seconds=look.timestamp() % TOGETHER)


class Pass:
    """One pass over one claimed row."""

    def __init__(self, kind: Kind, lease: Lease[Any], world: World) -> None:
        self.kind = kind
        self.lease = lease
        self.world = world
        self.row: Any = lease.row
        self.at = lease.at
        self.rows: DeploymentRows | None = None
        self.course = decide(
            Wanted(self.row.wanted),
            Phase(self.row.phase),
            self.row.is_retry_wished,
            self.row.is_to_be_cut,
            self.row.is_changing_places,
        )

    def run(self) -> datetime | None:
        """Work, and turn whatever stops the work into the row's next look."""
        was, had_waited = self.row.phase, bool(self.row.waits_for)
        began, before = time.perf_counter(), self._place()
        try:
            next_look = self._outcome()
        except LeaseLost:
            return None
        if self._place() != before:
            self._tell(time.perf_counter() - began)
        if self.row.phase == Phase.GONE or (self.kind == Kind.DEPLOYMENT and self._makes_way(was, had_waited)):
            admission.wake_next(self.at)
        return next_look

    def _makes_way(self, was: str, had_waited: bool) -> bool:
        """It is no longer being set up; or it came in after it had waited, and there may be room for one more."""
        left = was == Phase.BUILDING and self.row.phase != Phase.BUILDING
        return left or (had_waited and was == Phase.WAITING and self.row.phase == Phase.BUILDING)

    def _outcome(self) -> datetime | None:
        try:
            return self._end()
        except LeaseLost:
            raise
        except Exception:
            log.exception("a pass over %s %s met a mistake of ours", self.kind, self.row.key)
            self.lease.forget()
            return self._again(TryAgain(MISTAKE, blame=Blame.PORTAL, after=MISTAKE_PAUSE))

    def _end(self) -> datetime | None:
        try:
            return self._admit() if self.course == Course.ADMITTING else self._conclude(self._work())
        except NotYet as stop:
            return self._later(stop)
        except TryAgain as stop:
            return self._again(stop)
        except GiveUp as stop:
            return self._failed(stop)

    def _place(self) -> tuple[str, str, str]:
        return self.row.phase, self.row.step, self.row.problem

    def _tell(self, seconds: float) -> None:
        phase, step, problem = self._place()
        told = {"kind": self.kind, "key": self.row.key, "step": step, "phase": phase, "seconds": round(seconds, 3)}
        log.info("%s %s is %s at %s %s", self.kind, self.row.key, phase, step or "no step", problem, extra=told)

    # --- the work -------------------------------------------------------------------------------------------------------

    def _work(self) -> Phase | None:
        """Walk the course. Return the phase that the row has earned, or None if it stays where it is."""
        if self.kind == Kind.DEPLOYMENT:
            return self._walked()
        with watched(self.row.fabric, self.at):
            return self._walked()

    def _walked(self) -> Phase | None:
        if self.course in WAYS_OUT and Admission.objects.filter(quarantined=True).exists():
            raise NotYet("quarantine", after=QUARANTINE_LOOK)
        match self.course:
            case Course.LAUNCHING | Course.MOVING:
                self._begin()
                self._walk(self.course)
                return Phase.READY
            case Course.RETIRING:
                if self.row.phase != Phase.RETIRING:
                    self.lease.move(Phase.RETIRING, steps_done=[], problem="", problem_params={}, blame="")
                self._walk(self.course)
                return Phase.GONE
            case Course.SHUTTING:
                self._stand_still()
                self._walk(self.course)
                return None
            case _:
                self._walk(self.course)
                return None

    def _admit(self) -> datetime | None:
        """Let a waiting deployment in, with its machine's row, in the one transaction that counts the room."""
        row: Deployment = self.row
        try:
            with self.lease.admitting() as turn:
                fabric = admission.place_for(row, turn, self.at)
                machine = new_machine(row, fabric, "main", 1, self.at)
                statements.insert(machine)
                nudge_on_commit(Kind.MACHINE, machine.pk)
                self.lease.move(Phase.BUILDING, admitted_at=self.at, building_since=self.at, steps_done=[])
                self._at_step(Machines.name)
                return self._release(self.at + WOKEN_BEFORE)  # the machine wakes it when it is ready
        except NotYet as stop:
            # Whoever's turn it is may not know yet. Not inside the transaction: that would lock two rows crosswise.
            if first := stop.params.get("turn"):
                Deployment.objects.filter(pk=int(str(first))).update(**woken(self.at))
            raise

    def _begin(self) -> None:
        """Leave `failed` behind when a retry was wished for."""
        if self.row.phase == Phase.FAILED:
            kept = self.row.steps_done if self.kind == Kind.MACHINE else self._use_again()
            self.lease.move(
                Phase.BUILDING, building_since=self.at, steps_done=kept, problem="", problem_params={}, blame=""
            )

    def _use_again(self) -> list[str]:
        """A failed one may have settled its machines already. What people put on them from now on is not settled."""
        with self.lease.fence():
            again = Machine.objects.filter(deployment=self.row, wanted=Wanted.UP).exclude(stand=Stand.BEFORE)
            again.update(settled=Settled.NOT_YET, settled_by=None, hold_until=None)
        return []

    def _stand_still(self) -> None:
        """Time that it is shut out is not time in which it should get ready; afterwards every step is looked at again."""
        if self.row.phase == Phase.BUILDING:
            self.row.steps_done = []
            self.lease.set(building_since=self.at)

    def _walk(self, course: Course) -> None:
        """Make each step of the plan true, in order. Raises the Stop that a step ends with."""
        is_trial = self.kind == Kind.MACHINE and self.row.is_trial
        for step in TRIAL[course] if is_trial else PLANS[self.kind, course]:
            if course in ONCE and step.name in self.row.steps_done:
                continue
            self._at_step(step.name)
            job = self._gather()
            if not step.done(job):
                step.push(job)
                job = self._gather()
                if not step.done(job):
                    raise NotYet(step.name)
            if course in ONCE:
                self._step_done(step.name)
            self._read_wish()

    def _gather(self) -> Any:
        if self.kind == Kind.MACHINE:
            return machine_job(self.lease, self.world)
        if self.rows is None or self.rows.touched:
            self.rows = DeploymentRows(self.lease)
        return deployment_job(self.lease, self.rows, self.world)

    def _at_step(self, name: str) -> None:
        if self.row.step != name:
            self.row.step, self.row.waiting_since, self.row.tries = name, self.at, 0

    def _step_done(self, name: str) -> None:
        self.row.steps_done = [*self.row.steps_done, name]
        self.row.problem, self.row.problem_params, self.row.blame = "", {}, ""
        self.lease.note(Happened.STEP, f"step:{self.row.attempt}:{self.course}:{name}", step=name)

    def _read_wish(self) -> None:
        """After a slow step: has somebody asked for it to go meanwhile?"""
        if self.lease.was_slow() and self.row.wanted != self.lease.wish_now():
            raise NotYet("another-wish", after=timedelta(0))

    # --- the outcome ----------------------------------------------------------------------------------------------------

    def _conclude(self, earned: Phase | None) -> datetime | None:
        if earned == Phase.GONE:
            self.lease.move(Phase.GONE)
            return self._release(None)
        if earned == Phase.READY:
            self._open_again()
            self.lease.move(Phase.READY, problem="", problem_params={}, blame="", **self._firsts())
        self._waits_for("")
        is_shut = self.course == Course.SHUTTING
        next_look = self.at + SHUT_LOOK if is_shut else in_company(self.row.next_keeping(self.at))
        return self._release(next_look, lane=Lane.KEEPING)

    def _firsts(self) -> dict[str, Any]:
        return {} if self.row.ready_at else {"ready_at": self.at}

    def _open_again(self) -> None:
        """It answered: only now is it no longer suspended."""
        if self.kind == Kind.DEPLOYMENT and self.row.suspended_at:
            self.lease.note(Happened.SUSPENSION, f"opened:{self.row.suspended_at.isoformat()}", shut=False)
            self.lease.set(suspended_at=None, suspended_why="")

    def _later(self, stop: NotYet) -> datetime | None:
        if self._is_out_of_patience():
            return self._failed(GiveUp("took-too-long", blame=Blame.APP, step=self.row.step, last=stop.code))
        self._waits_for(stop.code)
        waited = self.at - (self.row.waiting_since or self.row.phase_at)
        adaptive = max(SOONEST, min(LATEST, waited * SHARE_OF_WAIT))
        if self.course == Course.ADMITTING:
            adaptive = max(adaptive, admission.look_again_in(self.row, self.at))
        return self._release(self.at + (adaptive if stop.after is None else stop.after))

    def _again(self, stop: TryAgain) -> datetime | None:
        if self._is_out_of_patience():
            return self._failed(GiveUp(stop.code, blame=stop.blame, **stop.params))
        self._note_problem(stop, stop.blame)
        self.row.tries += 1
        return self._release(self.at + (stop.after or self._backoff()))

    def _failed(self, stop: GiveUp) -> datetime | None:
        self._note_problem(stop, stop.blame)
        if self.course in (Course.RETIRING, Course.GIVING_BACK, Course.ADMITTING):
            return self._release(self.at + LONGEST_BACKOFF)  # the way out has no dead end
        if self.course == Course.MOVING and self.rows is not None:
            self.rows.stay(stop.code, stop.params)
            return self._release(self.at)  # its data is where it was: it is opened there again
        told: dict[str, Any] = {"problem": stop.code, "problem_params": stop.params, "blame": stop.blame}
        self.lease.move(Phase.FAILED, failed_attempt=self.row.attempt, **told)
        return self._release(self.at)

    def _is_out_of_patience(self) -> bool:
        return self.course in TO_READY and self.at >= self.row.gives_up_at

    def _backoff(self) -> timedelta:
        """Between half and all of 1, 2, 4 … s, at most 5 minutes; the same for the same row and try, so a run can be replayed."""
        jitter = random.Random(f"{self.row.key}:{self.row.tries}").uniform(0.5, 1.0)  # noqa: S311 - not a secret
        return timedelta(seconds=jitter * min(2.0**self.row.tries, LONGEST_BACKOFF.total_seconds()))

    def _waits_for(self, code: str) -> None:
        if self.row.waits_for != code:
            self.lease.set(waits_for=code)

    def _note_problem(self, stop: Stop, blame: Blame) -> None:
        self._waits_for(stop.code)
        self.row.problem, self.row.problem_params, self.row.blame = stop.code, stop.params, blame
        cause = f"problem:{self.row.attempt}:{self.course}:{stop.code}"
        self.lease.note(Happened.PROBLEM, cause, code=stop.code, blame=blame, step=self.row.step, params=stop.params)

    def _release(self, next_look: datetime | None, **columns: Any) -> datetime | None:
        row = self.row
        where = {"step": row.step, "waiting_since": row.waiting_since, "tries": row.tries, "steps_done": row.steps_done}
        why = {"problem": row.problem, "problem_params": row.problem_params, "blame": row.blame}
        self.lease.set(**where, **why, **columns)
        return self.lease.release(next_look)
