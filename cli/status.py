"""`./fairground status`: what runs here, and where."""

from typing import Any

from cli import container_engine, env_file, front_door, ours, programs, up
from cli.container_engine import EngineError
from cli.home import home
from cli.manage import facts


def status() -> int:
    """Print it; 0 if the portal runs, else 3."""
    settings = env_file.read()
    for name in (up.NAME, *ours.NAMES, front_door.NAME):
        number = programs.pid(name)
        print(f"{name:12} {f'pid {number}' if number else 'does not run'}")
    print(f"{'engine':12} {_engine()}")
    print(f"{'portal':12} {settings.get('SITE_URL', 'was never started')}")
    for line in _rows(facts() if settings else {"why": "there is none yet"}):
        print(line)
    print(f"{'data':12} {home()}")
    return 0 if programs.pid(up.NAME) else 3


def _engine() -> str:
    try:
        engine = container_engine.of_our_machines()
    except EngineError as broken:
        return str(broken)
    return engine.docker_host if engine else "does not answer"


def _rows(known: dict[str, Any]) -> list[str]:
    """What the database tells, and where it differs from the places."""
    if "services" not in known:
        why = known.get("why", f"{known.get('migrations')} changes wait; `./fairground up` makes them")
        return [f"{'services':12} not known: {why}"]
    services = ", ".join(f"{many} {phase}" for phase, many in known["services"].items()) or "none"
    return [f"{'services':12} {services}", *_quarantine(known), *_places(known)]


def _quarantine(known: dict[str, Any]) -> list[str]:
    if not known["quarantined"]:
        return []
    return [
        f"{'quarantine':12} a backup was put back: nothing is ended or removed until `./fairground restore --accept`"
    ]


def _places(known: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for place, told in known["places"].items():
        if "why" in told:
            lines.append(f"{'place':12} {place} does not answer: {told['why']}")
        lines += [f"{'stray':12} {key} at {place}: a machine without a row" for key in told.get("strays", [])]
        lines += [f"{'ghost':12} {key} at {place}: a row without its machine" for key in told.get("ghosts", [])]
    return lines
