"""How steps write: every line through the lease, so that nothing is written by a pass that was overtaken."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from provisioning import admission
from provisioning.driver import Endpoint, Sighting
from provisioning.errors import Blame, NotYet, Stop
from provisioning.models import Archive, Deployment, Entry, Fabric, House, Machine, Route, statements
from provisioning.models.reconciled import woken
from provisioning.nudge import nudge_on_commit
from provisioning.phases import CopyKind, Happened, Kind, Lane, Phase, Settled, Wanted
from provisioning.reconciler.due_copies import make_room
from provisioning.reconciler.lease import Lease
from provisioning.reconciler.log_rows import LogRows
from provisioning.reconciler.moving import MovingRows
from provisioning.slots import new_machine
from provisioning.step import Answer, Copy, DueCopy, MachineFacts
from provisioning.steps.words import NO_ROOM

KEYS: dict[str, str] = dict.fromkeys(("host_key", "enrolled_key", "login_key", "git_bearer", "git_bearer_sha256"), "")
"""What lets us in at a machine, and it in at our git door: nothing."""

LIVING_OF = "WHERE deployment_id = %s AND phase <> %s ORDER BY id"
LEAD = """
INSERT INTO provisioning_route (deployment_id, host, upstream_host, upstream_port, is_live) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (deployment_id) DO UPDATE
    SET upstream_host = excluded.upstream_host, upstream_port = excluded.upstream_port, is_live = excluded.is_live
"""
SEALED = frozenset({"host_key", "login_key", "git_bearer", "outputs"})
"""Columns that cost time to open, and that a look at a deployment seldom needs."""


class MachineRows(LogRows):
    """A machine's own row."""

    def __init__(self, lease: Lease[Machine]) -> None:
        super().__init__(lease.row.pk)
        self.lease = lease

    def log(self, job: str, offset: int, chunk: bytes) -> None:
        super().log(job, offset, chunk)
        if chunk:
            self.lease.set(log_job=job, log_offset=offset + len(chunk))

    def log_offset(self, job: str) -> int:
        # Its own job's offset is on the row, so that a look at a quiet job asks the database nothing.
        return self.lease.row.log_offset if self.lease.row.log_job == job else 0

    def asked(self) -> None:
        if self.lease.row.asked_at is None:
            self.lease.write(asked_at=self.lease.at)

    def saw(self, sighting: Sighting) -> None:
        frozen = asdict(sighting)
        if frozen["seen"] != self.lease.row.sighting.get("seen"):
            self.lease.set(seen_since=self.lease.at)
        if frozen != self.lease.row.sighting:
            self.lease.set(sighting=frozen)
        if sighting.place_id and sighting.place_id != self.lease.row.place_id:
            self.lease.set(place_id=sighting.place_id[:100])
        if not sighting.seen.is_lost and self.lease.row.absent_at is not None:
            self.lease.set(absent_at=None)

    def removal_asked(self) -> None:
        if self.lease.row.removal_asked_at is None:
            self.lease.write(removal_asked_at=self.lease.at)

    def absent(self) -> None:
        if self.lease.row.absent_at is None:
            self.lease.write(absent_at=self.lease.at)

    def facts(self, facts: MachineFacts) -> None:
        self.lease.set(facts=asdict(facts))

    def outputs(self, values: Mapping[str, Any]) -> None:
        self.lease.set(outputs=dict(values))

    def content(self, commit: str, at: datetime | None, problem: str) -> None:
        row = self.lease.row
        if (row.content_commit, row.content_problem) != (commit, problem):
            self.lease.note(
                Happened.CONTENT, f"content:{commit}:{problem}:{self.lease.epoch}", commit=commit, problem=problem
            )
        if (row.content_commit, row.content_at, row.content_problem) != (commit, at, problem):
            self.lease.set(content_commit=commit, content_at=at, content_problem=problem)

    def restarted(self, asked_at: datetime) -> None:
        self.lease.set(restarted_at=asked_at)

    def pulled(self, asked_at: datetime) -> None:
        self.lease.set(pulled_at=asked_at)

    def disk(self, *, free_mib: int, is_nearly_full: bool) -> None:
        if is_nearly_full == self.lease.row.is_nearly_full:
            return
        self.lease.set(is_nearly_full=is_nearly_full)
        if is_nearly_full:
            self.lease.note(Happened.HEALTH, f"disk:{self.lease.epoch}", disk_free_mib=free_mib)

    def leave(self) -> None:
        self.lease.write(wanted=Wanted.GONE)
        raise NotYet("trial-is-over", after=timedelta(0))

    def ends_itself(self, at: datetime) -> None:
        self.lease.set(ends_itself_at=at)

    def forget_keys(self) -> None:
        self.lease.set(**KEYS)

    def kept(self, due: DueCopy, copy: Copy) -> None:
        machine = self.lease.row
        told: dict[str, Any] = {"kept": due.kind, "size": copy.size}
        with self.lease.fence():
            keep(machine.deployment, machine, copy, due.kind, self.lease.at)
            Entry.objects.write(machine, Happened.COPY, at=self.lease.at, cause=f"kept:{due.job}", **told)
            self.lease.write(**_done(due), copy_problem="")

    def not_kept(self, due: DueCopy, stop: Stop) -> None:
        self.lease.note(Happened.COPY, f"not-kept:{due.job}", not_kept=due.kind, code=stop.code, params=stop.params)
        self.lease.set(**_done(due), copy_problem=stop.code)

    def passed_over(self, code: str, /, *, blame: Blame, **params: object) -> None:
        row = self.lease.row
        told = {"code": code, "blame": blame, "step": row.step, "params": params}
        self.lease.note(Happened.PROBLEM, f"passed-over:{row.attempt}:{code}", **told)


def _done(due: DueCopy) -> dict[str, datetime]:
    return {"copied_at" if due.kind == CopyKind.ASKED else "night_done_at": due.at}


def _turn(deployment: Deployment, fabric: Fabric) -> int:
    """How many machines of this one found no room there so far."""
    no_room = Entry.objects.filter(happened=Happened.PROBLEM, told__code__in=sorted(NO_ROOM))
    return no_room.filter(deployment=deployment, machine__fabric=fabric).values("machine").distinct().count()


def keep(deployment: Deployment, machine: Machine, copy: Copy, kind: CopyKind, at: datetime) -> Archive:
    """Note a copy that was read back, once; older ones make room for it."""
    kept = {"deployment": deployment, "machine": machine, "sha256": copy.sha256, "size": copy.size, "kind": kind}
    times = {"verified_at": at, "delete_at": at + House.here().copies_kept}
    archive, is_new = Archive.objects.get_or_create(name=copy.name, defaults=kept | times)
    if is_new:
        make_room(deployment, kind)
    return archive


class DeploymentRows(MovingRows):
    """A deployment's own row, its machines, its route, its copies."""

    def __init__(self, lease: Lease[Deployment]) -> None:
        self.lease = lease
        living = statements.select(Machine, LIVING_OF, lease.row.pk, Phase.GONE.value, without=SEALED)
        self.machines = {machine.key: machine for machine in living}
        self.touched = False
        """Whether a machine's row was written since they were read."""
        self._line: Route | None = None

    def line(self) -> Route | None:
        """Where its address leads, or has led; None if it never did. Read when it is first asked for."""
        if self._line is None:
            found = statements.select(Route, "WHERE deployment_id = %s", self.lease.row.pk)
            self._line = found[0] if found else None
        return self._line

    def need_machine(self, role: str, number: int) -> None:
        with self.lease.admitting():
            fabric, turn = admission.room_for_one_more(self.lease.row, self.lease.at, partial(_turn, self.lease.row))
            machine = new_machine(self.lease.row, fabric, role, number, self.lease.at, turn=turn)
            statements.insert(machine)
            nudge_on_commit(Kind.MACHINE, machine.pk)
        self.touched = True

    def try_again(self, machine: str) -> None:
        self._change(machine, attempt=self.lease.row.attempt, **woken(self.lease.at, Lane.PERSON))

    def settle(self, machine: str, settled: Settled, copy: Copy | None = None, *, hand_on: bool = False) -> None:
        row = self.machines[machine]
        self.touched = True
        with self.lease.fence():
            unsettled = Machine.objects.filter(pk=row.pk, settled=Settled.NOT_YET)
            changed = unsettled.update(settled=settled, hold_until=None, **woken(self.lease.at))
            if changed:
                told: dict[str, Any] = {
                    "machine": row.key,
                    "settled": settled,
                    "size": copy.size if copy else 0,
                }
                cause = f"settled:{row.pk}:{self.lease.row.attempt}"
                Entry.objects.write(self.lease.row, Happened.COPY, at=self.lease.at, cause=cause, **told)
            if changed and copy is not None:
                kept = keep(self.lease.row, row, copy, CopyKind.END, self.lease.at)
                if hand_on:
                    self.lease.write(restored_from_id=kept.pk)

    def look_at(self, machine: str) -> None:
        self._change(machine, **woken(self.lease.at))

    def let_go(self, machine: str) -> None:
        self._change(machine, wanted=Wanted.GONE, **woken(self.lease.at, Lane.ENDING))

    def replaced(self) -> None:
        self.lease.write(replaced_attempt=self.lease.row.attempt)

    def hold(self, machine: str, *, until: datetime, anew: bool) -> None:
        row = self.machines[machine]
        if row.hold_until is None:
            self._change(machine, hold_until=until, **woken(self.lease.at))
        self.lease.set(waiting_since=self.lease.at, misses=self.lease.row.misses + anew)
        day = (self.lease.at - self.lease.row.phase_at).days
        self.lease.note(Happened.COPY, f"held:{row.pk}:{day}", machine=row.key, until=until.isoformat(), settled="")

    def goes_on(self) -> None:
        self.lease.set(waiting_since=self.lease.at)

    def route(self, upstream: Endpoint) -> None:
        deployment = self.lease.row
        with self.lease.fence():
            statements.change(LEAD, deployment.pk, deployment.host, upstream.host, upstream.port, True)
        self._line = None

    def unroute(self) -> None:
        with self.lease.fence():
            Route.objects.filter(deployment=self.lease.row).update(is_live=False)
        self._line = None

    def answered(self, answer: Answer) -> None:
        row = self.lease.row
        if row.silent_since is not None:
            self.lease.note(Happened.HEALTH, f"answers:{self.lease.epoch}", answers=True)
        if row.silent_since is not None or row.misses or row.phase != Phase.READY:
            self.lease.set(answered_times=row.answered_times + 1, answer=asdict(answer), silent_since=None, misses=0)

    def missed(self, answer: Answer) -> None:
        row = self.lease.row
        patience = row.manifest.health.live.failures
        silent = row.silent_since or (
            self.lease.at if row.phase == Phase.READY and row.misses + 1 >= patience else None
        )
        if silent and row.silent_since is None:
            self.lease.note(Happened.HEALTH, f"silent:{self.lease.epoch}", answers=False, why=answer.why)
        self.lease.set(answered_times=0, answer=asdict(answer), silent_since=silent, misses=row.misses + 1)

    def restarted(self, *, code: int) -> None:
        since = self.lease.row.silent_since
        self.lease.note(Happened.HEALTH, f"restart:{since}", restart=0)
        if code:
            self.lease.note(Happened.HEALTH, f"restart:{since}:{code}", restart=code)

    def relaunch(self) -> None:
        self.lease.move(Phase.BUILDING, building_since=self.lease.at, steps_done=[], answered_times=0)
        raise NotYet("launched-again", after=timedelta(0))

    def shut(self) -> None:
        asked_at = self.lease.row.suspended_at
        self.lease.note(Happened.SUSPENSION, f"shut:{asked_at and asked_at.isoformat()}", shut=True)

    def forget(self) -> None:
        self.touched = True
        with self.lease.fence():
            Machine.objects.filter(deployment=self.lease.row).update(**KEYS, outputs={})
        self.lease.write(values={})

    def log_of(self, machine: str) -> LogRows:
        return LogRows(self.machines[machine].pk)

    def _change(self, machine: str, **columns: Any) -> None:
        row = self.machines[machine]
        self.touched = True
        with self.lease.fence():
            Machine.objects.filter(pk=row.pk).update(**columns)
            nudge_on_commit(Kind.MACHINE, row.pk)
