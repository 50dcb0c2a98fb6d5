"""The answer to "may this machine's data go?"."""

import json
from datetime import timedelta

from provisioning.errors import Blame, GiveUp, NotYet, TryAgain
from provisioning.phases import Settled
from provisioning.step import Broken, Copy, DeploymentJob, Exited, MachineView, Remote, RemoteJob
from provisioning.steps.deployment.jobs import look
from provisioning.steps.paths import ARCHIVES, ENV_FILE, GIVEN, ONBOARD

SLICE = 4 << 20
"""Bytes fetched in one call: at the 52 MB/s measured for SFTP well below a second, and little to send again."""
TRY_FOR = timedelta(hours=1)
"""How long a copy is tried for before the machine is put on hold and people are told."""
ON_HOLD = timedelta(hours=1)


class Settle:
    """Every machine's data is safe, or somebody said that it need not be."""

    name = "settle"

    def done(self, job: DeploymentJob) -> bool:
        return all(machine.settled != Settled.NOT_YET for machine in job.machines)

    def push(self, job: DeploymentJob) -> None:
        for machine in job.machines:
            if machine.settled == Settled.NOT_YET:
                self._settle(job, machine)

    def _settle(self, job: DeploymentJob, machine: MachineView) -> None:
        if not job.may_hold_data(machine):
            job.book.settle(machine.key, Settled.NEVER_LOADED)
        elif machine.is_lost:
            job.book.settle(machine.key, Settled.LOST)
        else:
            self._copy_or_hold(job, machine)

    def _copy_or_hold(self, job: DeploymentJob, machine: MachineView) -> None:
        try:
            job.book.settle(machine.key, Settled.ARCHIVED, make_copy(job, machine))
        except (TryAgain, GiveUp) as stop:
            job.book.look_at(machine.key)  # it may have stopped, and starts again by that; or be gone
            tired = isinstance(stop, GiveUp) or job.at - job.waiting_since >= TRY_FOR
            if not tired:
                raise
            job.book.hold(machine.key, until=job.hold_until)
            raise TryAgain("copy-on-hold", blame=stop.blame, after=ON_HOLD, why=stop.code, params=stop.params) from stop


def make_copy(job: DeploymentJob, machine: MachineView) -> Copy:
    """Archive on the machine, fetch, read back. Raises NotYet while any of it is going on."""
    remote = machine.remote()
    if remote is None or not machine.on_network:
        raise TryAgain("machine-not-reachable", blame=Blame.FABRIC)
    name = job.archive_name
    made = _made(job, machine, remote, name)
    copy = Copy(f"{job.name}-{machine.key[:8]}-{name}.tar.gz", made["sha256"], int(made["size"]))
    _fetch(job, remote, f"{ARCHIVES}/{name}.tar.gz", copy)
    if wrong := job.vault.verify(copy.name, copy.sha256):
        job.vault.drop(copy.name)
        raise TryAgain("copy-is-damaged", blame=Blame.PORTAL, wrong=list(wrong))
    return copy


def _made(job: DeploymentJob, machine: MachineView, remote: Remote, name: str) -> dict[str, str]:
    match look(job, machine, remote, name, wait=1.0):
        case None:
            _start(job, remote, name)
            raise NotYet("making-the-copy")
        case Exited(code=0):
            return _note(remote.read(f"{ARCHIVES}/{name}.json", offset=0, limit=65536, within=job.within))
        case Exited(code=code, tail=tail):
            raise GiveUp("copy-failed", blame=Blame.APP, code=code, tail=tail)
        case Broken(why=why):
            raise GiveUp("copy-failed", blame=Blame.FABRIC, code=-1, tail=why)
        case _:
            raise NotYet("making-the-copy")


def _note(written: bytes) -> dict[str, str]:
    """What the archive program wrote about the copy. A machine may have lost it, or may say anything."""
    try:
        note = json.loads(written)
        return {"sha256": str(note["sha256"]), "size": str(int(note["size"]))}
    except (ValueError, TypeError, KeyError) as error:
        raise GiveUp("copy-failed", blame=Blame.FABRIC, code=-1, tail="no note about the copy") from error


def _start(job: DeploymentJob, remote: Remote, name: str) -> None:
    archive = job.manifest.archive
    assert archive is not None  # the manifest has one, or says stateless
    asked = archive.model_dump(include={"paths", "exclude", "before", "after", "verify"})
    asked |= {"out": f"{ARCHIVES}/{name}", "env_file": ENV_FILE}
    given = f"{GIVEN}/{name}.json"
    remote.put(given, json.dumps(asked).encode(), within=job.within)
    remote.start(RemoteJob(name, (ONBOARD, "archive", given), timeout=timedelta(hours=1)), within=job.within)


def _fetch(job: DeploymentJob, remote: Remote, path: str, copy: Copy) -> None:
    """Fetch what is missing, a slice a look, so that a worker may die between any two."""
    have = job.vault.size(copy.name)
    if have > copy.size:
        job.vault.drop(copy.name)
        have = 0
    if have < copy.size:
        job.vault.append(copy.name, have, remote.read(path, offset=have, limit=SLICE, within=job.within))
        if job.vault.size(copy.name) < copy.size:
            raise NotYet("fetching-the-copy", after=timedelta(0), have=job.vault.size(copy.name), size=copy.size)
