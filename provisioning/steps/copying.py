"""A copy of what a machine's app declares: archived there, fetched, read back. At the end, each night, or when asked for."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from catalog.manifest import Archive, Manifest
from provisioning.errors import Blame, GiveUp, NotYet, TryAgain
from provisioning.step import Broken, Copy, Exited, Peek, Remote, RemoteJob, Vault
from provisioning.steps.paths import ARCHIVES, ENV_FILE, GIVEN, ONBOARD

SLICE = 8 << 20
"""Bytes fetched in one call: at the 52 MB/s measured for SFTP well below a second, little to send again, and a part for S3."""
LONGEST = timedelta(hours=1)
"""That it may take to be packed; then its machine ends it."""
AMPLE = 4
"""How often the disk that its app asked for a copy may fill. Once would do where a place limits the disk. Most do not: it is
watched, and its owner told. So whoever outgrew it is copied all the same, be it several times over; but what a machine says
of the size of its copy never takes all the room of the portal."""
LEAST_ROOM = 1 << 30
"""Bytes that every copy may have: who asks for little outgrows it soon."""
DAMAGED = "copy-is-damaged"
MAKING = "making-the-copy"
FETCHING = "fetching-the-copy"
DIGEST = re.compile(r"[0-9a-f]{64}")
LARGEST = 2**62
"""Bytes, of what may be the size of anything."""


@dataclass(frozen=True)
class Making:
    """What it takes to make one copy."""

    job: str  # of the program on the machine; another job is another copy
    name: str  # in the vault
    archive: Archive
    remote: Remote
    vault: Vault
    look: Callable[[], Peek]
    within: float
    alive: Callable[[], None]  # says that a call that takes long goes on
    room: int  # bytes that any copy of this app may have
    most: int | None = None  # bytes that this person's may have; None = as many

    @property
    def out(self) -> str:
        """Where it lies on the machine, without suffix."""
        return f"{ARCHIVES}/{self.job}"


def room_for(manifest: Manifest) -> int:
    """Bytes that a copy of this app may have."""
    return max(LEAST_ROOM, AMPLE * manifest.disk_mib << 20)


def make_copy(given: Making) -> Copy:
    """Archive on the machine, fetch, read back. Raises NotYet while any of it is going on."""
    copy = _made(given)
    if given.most is not None and copy.size > given.most:
        raise GiveUp("copy-is-too-large", blame=Blame.PERSON, size=copy.size, most=given.most)
    if copy.size > given.room:
        raise GiveUp("copy-outgrew-its-disk", blame=Blame.APP, size=copy.size, most=given.room)
    _fetch(given, copy)
    if wrong := given.vault.verify(copy.name, copy.sha256, given.alive):
        given.vault.drop(copy.name)
        raise TryAgain(DAMAGED, blame=Blame.PORTAL, wrong=list(wrong))
    return copy


def _made(given: Making) -> Copy:
    match given.look():
        case None:
            _start(given)
            raise NotYet(MAKING)
        case Exited(code=0):
            written = given.remote.read(f"{given.out}.json", offset=0, limit=65536, within=given.within)
            return _note(given.name, written)
        case Exited(code=code, tail=tail):
            raise GiveUp("copy-failed", blame=Blame.APP, code=code, tail=tail)
        case Broken(why=why):
            raise GiveUp("copy-failed", blame=Blame.FABRIC, code=-1, tail=why)
        case _:
            raise NotYet(MAKING)


def _note(name: str, written: bytes) -> Copy:
    """What the archive program wrote about the copy. A machine may have lost it, or may say anything."""
    try:
        note = json.loads(written)
        sha256, size = note["sha256"], note["size"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise _no_note() from error
    is_digest = isinstance(sha256, str) and DIGEST.fullmatch(sha256)
    if not is_digest or type(size) is not int or not 0 <= size < LARGEST:
        raise _no_note()
    return Copy(name, sha256, size)


def _no_note() -> GiveUp:
    return GiveUp("copy-failed", blame=Blame.FABRIC, code=-1, tail="no note about the copy")


def _start(given: Making) -> None:
    asked = given.archive.model_dump(include={"paths", "exclude", "before", "after", "verify"})
    asked |= {"out": given.out, "env_file": ENV_FILE}
    path = f"{GIVEN}/{given.job}.json"
    given.remote.put(path, json.dumps(asked).encode(), within=given.within)
    given.remote.start(RemoteJob(given.job, (ONBOARD, "archive", path), timeout=LONGEST), within=given.within)


def _fetch(given: Making, copy: Copy) -> None:
    """Fetch what is missing, a slice a look, so that a worker may die between any two."""
    have = given.vault.size(copy.name)
    if have > copy.size:
        given.vault.drop(copy.name)
        have = 0
    if have < copy.size:
        limit = min(SLICE, copy.size - have)
        slice_ = given.remote.read(f"{given.out}.tar.gz", offset=have, limit=limit, within=given.within)
        if len(slice_) < limit:
            raise GiveUp(
                "copy-failed", blame=Blame.FABRIC, code=-1, tail="the copy on the machine is not as long as it was"
            )
        given.vault.append(copy.name, have, slice_)
        if (have := given.vault.size(copy.name)) < copy.size:
            raise NotYet(FETCHING, after=timedelta(0), have=have, size=copy.size)
