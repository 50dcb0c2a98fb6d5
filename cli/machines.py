"""People's machines as a whole: `down` stops their programs, the next `up` starts those again; their data stays."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cli.container_engine import Engine, bridge_prefix
from cli.home import home

AT_ONCE = 8
GRACE = 10  # seconds that a machine's programs get


def stop(engine: Engine) -> int:
    """Stop all that run, and remember which; return how many."""
    running = [key for key, state in _ours(engine).items() if state == "running"]
    _stopped_file().write_text(json.dumps(sorted({*running, *_stopped()})))
    _each(engine, f"stop?t={GRACE}", running)
    return len(running)


def start_again(engine: Engine) -> int:
    """Start those that `stop` stopped and that are still there; return how many."""
    waiting = [key for key in _stopped() if key in _ours(engine)]
    _each(engine, "start", waiting)
    _stopped_file().unlink(missing_ok=True)
    return len(waiting)


def _ours(engine: Engine) -> dict[str, str]:
    """Container id → state, of all on bridges of this checkout."""
    bridges = [
        network["Name"]
        for network in engine.api.networks(driver="bridge")
        if network.get("Options", {}).get("com.docker.network.bridge.name", "").startswith(bridge_prefix())
    ]
    found = [container for name in bridges for container in engine.api.containers(network=name)]
    return {container["Id"]: container["State"] for container in found}


def _each(engine: Engine, verb: str, keys: list[str]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda key: engine.api.ask("POST", f"/containers/{key}/{verb}"), keys))


def _stopped() -> list[str]:
    return list(json.loads(_stopped_file().read_text())) if _stopped_file().exists() else []


def _stopped_file() -> Path:
    return home() / "stopped-machines.json"
