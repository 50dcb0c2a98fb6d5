"""The deployment's own values, and the programs that run with them."""

import hashlib
import json
from typing import Any

from catalog.manifest import FromFact, FromParam
from provisioning.errors import Blame, GiveUp, TryAgain
from provisioning.step import MachineJob
from provisioning.steps.machine.jobs import has_run, run
from provisioning.steps.paths import ENV_FILE, SERVICE

VALUES_FILE = "/var/lib/fairground/values.json"
OUTPUTS_FILE = "/var/lib/fairground/outputs.json"
OUTPUTS_MOST = 64 << 10


class Configure:
    """`configure` has run with this deployment's values, and what it hands over is kept."""

    name = "configure"

    def done(self, job: MachineJob) -> bool:
        if job.manifest.service.configure is None:
            put_values(job)
            return True
        if not has_run(job, self._job(job), "configure-failed"):
            return False
        job.book.outputs(_outputs(job))
        return True

    def push(self, job: MachineJob) -> None:
        put_values(job)
        run(
            job,
            self._job(job),
            f"{SERVICE}/{job.manifest.service.configure}",
            directory=SERVICE,
            env_file=ENV_FILE,
            timeout=job.manifest.service.timeout,
        )

    def _job(self, job: MachineJob) -> str:
        return job.job_name(self.name, hashlib.sha256(_values(job)).hexdigest())


class StartPrograms:
    """The app's programs run, and the machine keeps them running."""

    name = "start_programs"

    def done(self, job: MachineJob) -> bool:
        told = job.far.call("processes", within=job.within)
        kept = {program["name"] for program in told.get("processes", ()) if program.get("state") != "stopped"}
        return kept >= {daemon.name for daemon in job.manifest.processes}

    def push(self, job: MachineJob) -> None:
        programs = [_program(job, daemon) for daemon in job.manifest.processes]
        job.far.call("supervise", {"processes": programs}, within=job.within)


class Restart:
    """A wished-for restart has been done, once."""

    name = "restart"

    def done(self, job: MachineJob) -> bool:
        return job.restart_asked_at is None

    def push(self, job: MachineJob) -> None:
        assert job.restart_asked_at is not None
        job.far.call("restart", within=job.within)
        job.book.restarted(job.restart_asked_at)


def _values(job: MachineJob) -> bytes:
    return json.dumps({"values": dict(job.values), "facts": dict(job.machine_facts)}, sort_keys=True).encode()


def put_values(job: MachineJob) -> None:
    """Write down what `configure`, the programs and the hooks are told."""
    job.far.put(VALUES_FILE, _values(job), within=job.within)
    env = _env(job, job.manifest.service.env) | {"FAIRGROUND_ENV": VALUES_FILE, "FAIRGROUND_OUTPUTS": OUTPUTS_FILE}
    job.far.put(ENV_FILE, json.dumps({**job.machine_facts, **env}).encode(), within=job.within)


def _env(job: MachineJob, declared: dict[str, Any]) -> dict[str, str]:
    """Declared variables with their values: as written, or taken from a parameter or a machine fact."""
    return {name: _value(job, value) for name, value in declared.items()}


def _value(job: MachineJob, value: Any) -> str:
    if isinstance(value, FromParam):
        return str(job.values.get(value.param, ""))
    if isinstance(value, FromFact):
        return job.machine_facts.get(value.fact, "")
    return str(value)


def _program(job: MachineJob, daemon: Any) -> dict[str, Any]:
    return {
        "name": daemon.name,
        "run": daemon.run,
        "user": daemon.user,
        "directory": daemon.directory or SERVICE,
        "env_file": ENV_FILE,
        "env": _env(job, daemon.env),
    }


def _outputs(job: MachineJob) -> dict[str, Any]:
    """Read outputs.json and keep what the manifest declares. Raises GiveUp when it is not what was declared."""
    raw = job.far.read(OUTPUTS_FILE, offset=0, limit=OUTPUTS_MOST, within=job.within)
    declared = {output.id for output in job.manifest.outputs}
    try:
        written = json.loads(raw) if raw else {}
    except ValueError as error:
        raise GiveUp("outputs-are-not-json", blame=Blame.APP) from error
    if not isinstance(written, dict):
        raise GiveUp("outputs-are-not-json", blame=Blame.APP)
    if missing := sorted(declared - set(written)):
        raise TryAgain("outputs-are-missing", blame=Blame.APP, missing=missing)
    return {name: str(written[name]) for name in declared}
