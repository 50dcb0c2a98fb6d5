"""The wire to a machine in memory: jobs that end after a few looks, files that are dictionary entries."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from typing import Any

from provisioning.driver import Seen
from provisioning.errors import Blame, NotYet, TryAgain
from provisioning.fabrics.memory.place import Ghost, Place
from provisioning.step import Broken, Exited, MachineFacts, Peek, RemoteJob, Running


class MemoryRemote:
    """Implements `provisioning.step.Remote` without a wire."""

    def __init__(self, place: Place, key: str) -> None:
        self.place = place
        self.key = key

    def reach(self, *, within: float) -> MachineFacts:
        ghost = self._ghost()
        return MachineFacts("debian:12", "x86_64", f"boot-{ghost.reboot}", "3.11")

    def put(self, path: str, content: bytes, *, mode: int = 0o600, within: float = 20) -> None:
        self._ghost().files[path] = content

    def start(self, job: RemoteJob, *, within: float = 20) -> None:
        ghost = self._ghost()
        if job.name not in ghost.jobs:
            # The job is known last: on a real machine, too, no look sees one half begun.
            if job.name.startswith("archive"):
                _archive(ghost, job)
            failing = self.place.failing_jobs.items()
            ghost.codes[job.name] = next((code for begin, code in failing if job.name.startswith(begin)), 0)
            ghost.jobs[job.name] = self.place.job_looks
            ghost.started.append(job.name)

    def peek(self, name: str, *, offset: int = 0, wait: float = 0, within: float = 20) -> Peek:
        ghost = self._ghost()
        if name not in ghost.jobs:
            return None
        if ghost.jobs[name]:
            ghost.jobs[name] -= 1
            return Running()
        if any(name.startswith(broken) for broken in self.place.broken_jobs):
            return Broken("the machine was restarted")
        code = ghost.codes[name]
        return Exited(code, tail="" if code == 0 else f"{name} ended with {code}")

    def end(self, name: str, *, within: float = 20) -> None:
        self._ghost().jobs[name] = 0

    def call(self, verb: str, given: Mapping[str, Any] | None = None, *, within: float = 20) -> dict[str, Any]:
        ghost = self._ghost()
        ghost.calls.append(verb)
        match verb:
            case "supervise":
                ghost.programs = [program["name"] for program in (given or {})["processes"]]
            case "schedule":
                ghost.scheduled = True
            case "end-itself":
                ghost.ends_at, ghost.switches_off = (given or {})["at"], (given or {})["switch_off"]
                ghost.has_ended &= not (given or {})["begun_anew"]
                return {"had_ended": ghost.has_ended, "looked_after": True}
            case "facts":
                return {"disk_mib": 4096, "disk_used_mib": 4096 - self.place.free_mib}
            case "brought":
                return {"size": _brought(ghost, (given or {})["folder"])}
            case "copy-fetched":
                for suffix in (".tar.gz", ".json"):
                    ghost.files.pop(f"{(given or {})['out']}{suffix}", None)
            case "check":
                return {"code": self.place.check_code, "said": "as it was told to"}
            case "end-all":
                ghost.programs, ghost.scheduled = [], False
        programs = [{"name": name, "state": "running"} for name in ghost.programs]
        return {"processes": programs, "right": ghost.scheduled, "commit": "c" * 40, "problem": ""}

    def read(self, path: str, *, offset: int, limit: int, within: float = 20) -> bytes:
        return self._ghost().files.get(path, b"")[offset : offset + limit]

    def hang_up(self) -> None:
        if ghost := self.place.machines.get(self.key):
            ghost.calls.append("hang-up")

    def _ghost(self) -> Ghost:
        ghost = self.place.machines.get(self.key)
        if ghost is None or ghost.silent or ghost.seen in (Seen.STOPPED, Seen.REMAINS) or not ghost.on_network:
            raise TryAgain("machine-not-reachable", blame=Blame.FABRIC)
        if ghost.seen == Seen.STARTING:
            raise NotYet("not-started-yet")
        return ghost


def _brought(ghost: Ghost, folder: str) -> int:
    size = 0
    while part := ghost.files.get(f"{folder}/{size:016d}"):
        size += len(part)
    return size


def _archive(ghost: Ghost, job: RemoteJob) -> None:
    """What the archive job leaves on a real machine: a tarball and a note about it."""
    out = json.loads(ghost.files[job.argv[-1]])["out"]
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as copy:
        told = tarfile.TarInfo("marker")
        told.size = len(ghost.spec.key)
        copy.addfile(told, io.BytesIO(ghost.spec.key.encode()))
    packed = content.getvalue()
    note = {"sha256": hashlib.sha256(packed).hexdigest(), "size": len(packed), "members": 1}
    ghost.files[f"{out}.tar.gz"] = packed
    ghost.files[f"{out}.json"] = json.dumps(note).encode()
