"""The verbs about the app's long-running programs: which there are to be, how they do, again, and no more."""

from __future__ import annotations

import base64
import hashlib
import shutil
import time
from pathlib import Path
from typing import Any, Union

from machine.onboard import kernel
from machine.onboard.kept_program import folder, program_of
from machine.onboard.places import PROGRAMS, read_json, state, write_json
from machine.onboard.runit import Runit
from machine.onboard.systemd import Systemd
from machine.onboard.wire import Given, Refused, number, text, texts

MOST_LOG = 64 * 1024


def keeper() -> Union[Runit, Systemd]:
    """The supervisor that this machine has."""
    return Systemd() if Path("/run/systemd/system").is_dir() else Runit()


def announce(given: Given) -> dict[str, Any]:
    """Say which programs will be kept later, so that the supervisor has found their folders by then: {names}."""
    for name in texts(given, "names"):
        folder(name)
        keeper().announce(name)
    return {}


def supervise(given: Given) -> dict[str, Any]:
    """Make the list true: start what is new, restart what is different, take away what is not in it."""
    listed = given.get("processes")
    if not isinstance(listed, list):
        raise Refused("bad-input", "processes: expected a list")
    specs = [specified(one) for one in listed]
    names: list[str] = [spec["name"] for spec in specs]
    if len(set(names)) < len(names):
        raise Refused("bad-input", "processes: a name comes twice")
    changed = drop([name for name in known() if name not in names], forget=True)
    return {"changed": changed + [spec["name"] for spec in specs if keep(spec)]}


def specified(one: Any) -> dict[str, Any]:
    """One entry of the list, checked: it could be started."""
    if not isinstance(one, dict) or not isinstance(one.get("env", {}), dict):
        raise Refused("bad-input", "processes: expected objects")
    spec: dict[str, Any] = {
        "name": text(one, "name"),
        "run": texts(one, "run"),
        "user": text(one, "user", "root"),
        "directory": text(one, "directory", "/"),
        "env_file": text(one, "env_file", ""),
        "env": {name: text(one["env"], name) for name in one.get("env", {})},
    }
    folder(spec["name"])
    program_of(spec).check()
    return spec


def keep(spec: dict[str, Any]) -> bool:
    """Keep one program alive as it is described. True if that changed anything."""
    place = folder(spec["name"])
    values = Path(spec["env_file"]).read_bytes() if spec["env_file"] else b""
    wanted = {**spec, "values": hashlib.sha256(values).hexdigest()}
    kept = spec["name"] in keeper().kept()
    if kept and read_json(place / "program.json") == wanted:
        return False
    state()
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_json(place / "past.json", {"crashes": 0, "asked": True})
    write_json(place / "program.json", wanted)
    if kept:
        keeper().restart([spec["name"]])
    else:
        keeper().keep(spec["name"])
    return True


def known() -> list[str]:
    """Names of all programs that we were ever told of and not told to forget."""
    return sorted(entry.name for entry in PROGRAMS.glob("[a-z]*")) if PROGRAMS.exists() else []


def drop(names: list[str], *, forget: bool) -> list[str]:
    """End programs and keep them no more. Returns those that were kept."""
    kept = [name for name in names if name in keeper().kept()]
    if kept:
        keeper().drop(kept)
    for name in names if forget else ():
        keeper().forget(name)
        shutil.rmtree(PROGRAMS / name)
    return kept


def processes(_: Given) -> dict[str, Any]:
    """How all of them do."""
    kept = keeper().kept()
    return {"processes": [told(name, name in kept) for name in known()]}


def told(name: str, kept: bool) -> dict[str, Any]:
    """How one does."""
    run, past = (read_json(PROGRAMS / name / file) or {} for file in ("run.json", "past.json"))
    alive = kernel.alive(run.get("pid"), run.get("since"))
    return {
        "name": name,
        "state": run["state"] if alive else "starting" if kept else "stopped",
        "pid": run["pid"] if alive else None,
        "seconds": max(0, int(time.time() - run["at"])) if alive else 0,
        "starts": run.get("starts", 0),
        "last_code": past.get("code"),
    }


def process_log(given: Given) -> dict[str, Any]:
    """The last words of one: {name, limit}."""
    name = text(given, "name")
    folder(name)
    said = keeper().said(name, int(number(given, "limit", MOST_LOG, least=1, most=MOST_LOG)))
    return {"log": base64.b64encode(said).decode()}


def restart(given: Given) -> dict[str, Any]:
    """End and start again those that are named, or all. It is no crash, and it is not waited for one."""
    kept = keeper().kept()
    names = [name for name in texts(given, "names", known()) if name in kept]
    for name in names:
        write_json(
            folder(name) / "past.json", {**(read_json(folder(name) / "past.json") or {}), "crashes": 0, "asked": True}
        )
    if names:
        keeper().restart(names)
    return {"restarted": names}


def stop_all(_: Given) -> dict[str, Any]:
    """End all of them, and keep them no more until `supervise`."""
    return {"stopped": drop(known(), forget=False)}
