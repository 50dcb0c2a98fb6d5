"""People's machines as a whole: `down` stops their programs, the next `up` starts those again; their data stays."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cli import env_file
from cli.container_engine import Engine
from cli.home import home
from cli.talk import HaltError
from cli.whole import write_whole

OWNER = "fairground.owner"  # the label, as in provisioning/fabrics/container/request.py
AT_ONCE = 8
GRACE = 10  # seconds that a machine's programs get


def stop(engine: Engine) -> int:
    """Stop all that run, and remember which; return how many."""
    running = [key for key, state in _ours(engine).items() if state == "running"]
    if running:
        _remember(sorted({*running, *_stopped()}))
        _each(engine, f"stop?t={GRACE}", running)
    return len(running)


def start_again(engine: Engine) -> int:
    """Start those that `stop` stopped and that are still there; return how many."""
    waiting = [key for key in _stopped() if key in _ours(engine)]
    _each(engine, "start", waiting)
    _stopped_file().unlink(missing_ok=True)
    return len(waiting)


def remove(engine: Engine) -> None:
    """Take away all machines and networks of this installation, data and all. Only a demo's may go like that."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda key: engine.api.ask("DELETE", f"/containers/{key}?force=1&v=1"), _ours(engine)))
    for network in engine.api.networks(label=_label()):
        engine.api.ask("DELETE", f"/networks/{network['Id']}")


def _ours(engine: Engine) -> dict[str, str]:
    """Container id → state, of all that carry this installation's label."""
    return {container["Id"]: container["State"] for container in engine.api.containers(label=_label())}


def _label() -> str:
    return f"{OWNER}={env_file.read().get('PORTAL_ID', 'nobody')}"


def _each(engine: Engine, verb: str, keys: list[str]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda key: engine.api.ask("POST", f"/containers/{key}/{verb}"), keys))


def _remember(keys: list[str]) -> None:
    try:
        write_whole(_stopped_file(), json.dumps(keys))
    except OSError as error:
        raise HaltError(
            f"Which machines to start again could not be written down: {error}. They run on. Make room in {home()}, "
            "then say it again."
        ) from error


def _stopped() -> list[str]:
    """None where there is no list, or where a full disk has left half of one."""
    try:
        known = json.loads(_stopped_file().read_text())
    except (FileNotFoundError, ValueError):
        return []
    return [str(key) for key in known] if isinstance(known, list) else []


def _stopped_file() -> Path:
    return home() / "stopped-machines.json"
