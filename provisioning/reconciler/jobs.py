"""From rows to the frozen facts that steps work with."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings

from catalog.mirror import mirror_name
from provisioning import enrolment
from provisioning.driver import Endpoint, Identity, Secret, Seen, Sighting
from provisioning.models import Deployment, Machine
from provisioning.phases import Phase, Settled, Stand, Wanted
from provisioning.reconciler.book import DeploymentRows, MachineRows
from provisioning.reconciler.due_copies import due_copy
from provisioning.reconciler.lease import Lease
from provisioning.reconciler.world import World
from provisioning.slots import spec_of
from provisioning.step import Copy, DeploymentJob, MachineJob, MachineView, Remote, RouteLine, Source

ENDS_ITSELF_AFTER = timedelta(hours=48)
"""Beside the days for which a machine may be held: who cannot be reached until then will not come back (faults F49)."""
RELAUNCH_AFTER = timedelta(minutes=5)


def machine_job(lease: Lease[Machine], world: World) -> MachineJob:
    """What a machine's steps need, from its row."""
    machine = lease.row
    spec, identity, seen = spec_of(machine), _identity(machine), sighting_of(machine)
    return MachineJob(
        key=machine.key,
        spec=spec,
        identity=identity,
        is_trial=machine.is_trial,
        awaits_copy=machine.stand == Stand.NEXT and _is_unsettled(machine),
        attempt=machine.attempt,
        tries=machine.tries,
        role=machine.role,
        number=machine.number,
        settled=Settled(machine.settled),
        asked_at=machine.asked_at,
        removal_asked_at=machine.removal_asked_at,
        absent_at=machine.absent_at,
        sighting=seen,
        enrolled_key=machine.enrolled_key,
        seen_since=machine.seen_since,
        manifest=machine.release.manifest,
        vault=world.vault,
        driver=world.driver(machine.fabric),
        remote=world.remote(machine, spec, identity, seen),
        book=MachineRows(lease),
        at=lease.at,
        within=lease.within,
        alive=lease.renew,
        waiting_since=machine.waiting_since or lease.at,
        was_ready=machine.ready_at is not None,
        is_nearly_full=machine.is_nearly_full,
        ends_itself_at=_ends_itself_at(machine, lease.at),
        told_end=machine.ends_itself_at,
        never_answered=machine.failed_attempt > 0 and not machine.facts,
        restart_asked_at=machine.restart_asked_at if machine.restart_asked_at != machine.restarted_at else None,
        pull_asked_at=machine.pull_asked_at if machine.pull_asked_at != machine.pulled_at else None,
        **(_OF_NOTHING if machine.is_trial else _of_service(machine, seen, lease.at)),
    )


_OF_NOTHING: Mapping[str, Any] = {
    "service": Source("", ""), "content": None, "content_looked_at": None, "content_problem": "", "copy": None,
    "values": {}, "machine_facts": {},
}  # fmt: skip


def _of_service(machine: Machine, seen: Sighting | None, at: datetime) -> Mapping[str, Any]:
    """What its deployment puts on it."""
    dataset = machine.deployment.dataset
    return {
        "service": _service(machine, seen),
        "content": _content(machine, seen),
        "content_looked_at": _looked_at(machine, seen, at),
        "content_problem": dataset.problem if dataset else "",
        "copy": _copy(machine),
        "values": machine.deployment.values,
        "machine_facts": _machine_facts(machine),
        "due_copy": due_copy(machine, at),
    }


def deployment_job(lease: Lease[Deployment], rows: DeploymentRows, world: World) -> DeploymentJob:
    """What a deployment's steps need, from its row and its machines' rows."""
    deployment = lease.row
    views = tuple(_view(machine, deployment, world) for machine in rows.machines.values())
    return DeploymentJob(
        name=deployment.name,
        host=deployment.host,
        door=world.door,
        attempt=deployment.attempt,
        manifest=deployment.manifest,
        machines=views,
        route=partial(_route, deployment, rows),
        was_ready=deployment.ready_at is not None,
        may_relaunch=_may_relaunch(deployment, lease.at),
        may_replace=deployment.replaced_attempt < deployment.attempt,
        is_to_move=deployment.move_asked_at is not None and deployment.move_asked_at <= lease.at,
        is_forgotten=deployment.phase == Phase.RETIRING and _is_forgotten(deployment),
        answered_times=deployment.answered_times,
        archive_name=_archive_name(deployment),
        look_until=deployment.phase_at + settings.FAILED_KEPT,
        hold_until=deployment.expires_at + settings.HOLD_FOR,
        waiting_since=deployment.waiting_since or lease.at,
        problem=deployment.problem,
        was_shut=deployment.suspended_at is not None,
        silent_since=deployment.silent_since,
        front_door=world.front_door,
        prober=world.prober,
        vault=world.vault,
        book=rows,
        at=lease.at,
        within=lease.within,
        alive=lease.renew,
    )


def sighting_of(machine: Machine) -> Sighting | None:
    """The last sighting a row recorded."""
    if not machine.sighting:
        return None
    frozen: dict[str, Any] = machine.sighting
    ports = {name: Endpoint(**endpoint) for name, endpoint in frozen["ports"].items()}
    ssh = Endpoint(**frozen["ssh"]) if frozen["ssh"] else None
    return Sighting(**{**frozen, "seen": Seen(frozen["seen"]), "ssh": ssh, "ports": ports})


def _identity(machine: Machine) -> Identity:
    return Identity(Secret(machine.host_key), Secret(machine.login_key), enrolment.word_for(machine.key))


def _remote(machine: Machine, world: World) -> Remote | None:
    return world.remote(machine, spec_of(machine), _identity(machine), sighting_of(machine))


def _service(machine: Machine, seen: Sighting | None) -> Source:
    url = machine.release.app.url
    return _source(machine, seen, url, machine.release.commit)


def _content(machine: Machine, seen: Sighting | None) -> Source | None:
    dataset = machine.deployment.dataset
    return _source(machine, seen, dataset.url, dataset.ref) if dataset else None


def _ends_itself_at(machine: Machine, at: datetime) -> datetime:
    """Days after the end of its service; where that is long over, days after today, so that it is told once a day."""
    today = at.replace(hour=0, minute=0, second=0, microsecond=0)
    ends = machine.created_at if machine.is_trial else machine.deployment.expires_at
    return max(ends, today) + settings.HOLD_FOR + ENDS_ITSELF_AFTER


def _copy(machine: Machine) -> Copy | None:
    """What is to be put back on a new machine. One that was ready has it."""
    deployment = machine.deployment
    if deployment.restored_from_id is None or machine.ready_at is not None:
        return None
    kept = deployment.restored_from
    return Copy(kept.name, kept.sha256, kept.size) if kept else None


def _looked_at(machine: Machine, seen: Sighting | None, at: datetime) -> datetime | None:
    """How new our copy of the content is; as good as now where the machine pulls from upstream itself."""
    dataset = machine.deployment.dataset
    return dataset.looked_at if dataset and seen and seen.portal_host and settings.GIT_DOOR_LISTEN else at


def _source(machine: Machine, seen: Sighting | None, url: str, ref: str) -> Source:
    """Where the machine pulls from: the portal's own git door where the machine can reach it, else upstream."""
    if seen is None or not seen.portal_host or not settings.GIT_DOOR_LISTEN:
        return Source(url, ref)
    port = settings.GIT_DOOR_LISTEN.rpartition(":")[2]
    door = f"http://{seen.portal_host}:{port}/git/{mirror_name(url)}"
    return Source(door, ref, Secret(machine.git_bearer))


def _machine_facts(machine: Machine) -> dict[str, str]:
    deployment = machine.deployment
    return {
        "FAIRGROUND_ADDRESS": deployment.url,
        "FAIRGROUND_HOST": deployment.host,
        "FAIRGROUND_ROLE": machine.role,
        "FAIRGROUND_NUMBER": str(machine.number),
        "FAIRGROUND_ENDS_AT": deployment.expires_at.isoformat(),
        "FAIRGROUND_EVENT": deployment.event.name,
        "FAIRGROUND_TITLE": deployment.title,
    }


def _view(machine: Machine, deployment: Deployment, world: World) -> MachineView:
    seen = sighting_of(machine)
    primary = deployment.manifest.primary_port.name
    return MachineView(
        key=machine.key,
        role=machine.role,
        number=machine.number,
        wanted=machine.wanted,
        phase=Phase.BUILDING if machine.is_retry_wished else machine.phase,
        settled=Settled(machine.settled),
        was_ready=machine.ready_at is not None,
        hold_until=machine.hold_until,
        upstream=seen.ports.get(primary) if seen else None,
        seen=seen.seen if seen else None,
        can_try_again=machine.attempt < deployment.attempt,
        problem=machine.problem,
        problem_params=machine.problem_params,
        blame=machine.blame,
        remote=partial(_remote, machine, world),
        is_another=_is_elsewhere(machine, deployment, seen) or _is_of_another_version(machine, deployment),
        stand=Stand(machine.stand),
        is_installed="install" in machine.steps_done or machine.phase == Phase.READY,
        on_network=machine.asked_at is not None and (seen is None or seen.on_network),
    )


def _is_unsettled(machine: Machine) -> bool:
    """The machine whose place this one is to take still holds what nobody has a copy of."""
    here = Machine.objects.filter(deployment=machine.deployment_id, stand=Stand.MAIN, wanted=Wanted.UP)
    return here.filter(settled=Settled.NOT_YET).exists()


def _is_elsewhere(machine: Machine, deployment: Deployment, seen: Sighting | None) -> bool:
    has_nothing = machine.ready_at is None and (seen is None or seen.seen.is_lost)
    return has_nothing and deployment.place_id not in (None, machine.fabric_id)


def _is_of_another_version(machine: Machine, deployment: Deployment) -> bool:
    return deployment.ready_at is None and machine.release_id != deployment.release_id


def _is_forgotten(deployment: Deployment) -> bool:
    return not deployment.values and not deployment.machines.exclude(login_key="").exists()


def _may_relaunch(deployment: Deployment, at: datetime) -> bool:
    """Only what is not over, and has been ready for a while: what dies at every start must not be launched for ever."""
    has_lived = at - deployment.phase_at >= RELAUNCH_AFTER
    return has_lived and at < deployment.expires_at and (deployment.relaunches or deployment.manifest.stateless)


def _archive_name(deployment: Deployment) -> str:
    """The same job however long it takes; a new one after it has failed, a retry, or when it is asked to go."""
    tries = deployment.misses + 1
    move = f"-{deployment.moving_since:%Y%m%dt%H%M%S%f}" if deployment.moving_since else ""
    return f"archive-{deployment.attempt}-{deployment.phase}{move}-{tries}"


def _route(deployment: Deployment, rows: DeploymentRows) -> RouteLine:
    line = rows.line()
    leads = Endpoint(line.upstream_host, line.upstream_port) if line is not None and line.is_live else None
    return RouteLine(deployment.key, deployment.host, leads)
