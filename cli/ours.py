"""Our own programs: web (with the git door), two workers, clock."""

from cli import venv
from cli.children import Child

NAMES = ("web", "clicks", "sweep", "clock")
ENV = {"DJANGO_SETTINGS_MODULE": "portal.settings", "STATIC_HASHED": "1"}
NOBODY_WAITS = {"BROKER_LOOK_EVERY": "0.25"}
"""The clock's messages come once a second at most; clicks are looked for more often."""
_PYTHON = str(venv.PYTHON)


def children(settings: dict[str, str]) -> list[Child]:
    """All of them; clicks have a worker of their own, so that no sweep stands before a person."""
    web = ",".join(filter(None, [settings["WEB_LISTEN"], settings.get("LAN_LISTEN")]))
    return [
        Child("web", [_PYTHON, "-m", "portal.server.serve", web, settings["GIT_DOOR_LISTEN"]], _env("web")),
        Child("clicks", _worker("clicks", "click", 4), _env("clicks")),
        Child("sweep", _worker("sweep", "sweep", 6), _env("sweep") | NOBODY_WAITS),
        Child("clock", [_PYTHON, "-m", "portal.server.clock"], _env("clock")),
    ]


def _env(name: str) -> dict[str, str]:
    return {**ENV, "FAIRGROUND_PROGRAM": name}


def _worker(name: str, queues: str, threads: int) -> list[str]:
    quiet = ["--loglevel", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    celery = [_PYTHON, "-m", "celery", "-A", "portal.celery"]
    return [*celery, "worker", "-n", f"{name}@%h", "-Q", queues, "-P", "threads", "-c", str(threads), *quiet]
