"""Our own programs: web (with the git door), and two workers, of which one has the clock."""

from cli import venv
from cli.children import Child

NAMES = ("web", "clicks", "sweep")
ENV = {"DJANGO_SETTINGS_MODULE": "portal.settings", "STATIC_HASHED": "1"}
_PYTHON = str(venv.PYTHON)


def children(settings: dict[str, str]) -> list[Child]:
    """All of them; clicks have a worker of their own, so that no sweep stands before a person."""
    web = ",".join(filter(None, [settings["WEB_LISTEN"], settings.get("LAN_LISTEN")]))
    return [
        Child("web", [_PYTHON, "-m", "portal.server.serve", web, settings["GIT_DOOR_LISTEN"]], _env("web")),
        Child("clicks", _worker("clicks", "click", 4), _env("clicks")),
        Child("sweep", [*_worker("sweep", "sweep", 6), "--clock"], _env("sweep")),
    ]


def _env(name: str) -> dict[str, str]:
    return {**ENV, "FAIRGROUND_PROGRAM": name}


def _worker(name: str, queues: str, threads: int) -> list[str]:
    quiet = ["--loglevel", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    celery = [_PYTHON, "-m", "celery", "-A", "portal.celery"]
    return [*celery, "worker", "-n", f"{name}@%h", "-Q", queues, "-P", "threads", "-c", str(threads), *quiet]
