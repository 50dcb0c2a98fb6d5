"""Our own programs: web, two workers, clock, git door."""

from cli import venv
from cli.children import Child
from cli.home import CHECKOUT

NAMES = ("web", "git-door", "clicks", "sweep", "clock")
ENV = {"DJANGO_SETTINGS_MODULE": "portal.settings", "STATIC_HASHED": "1"}
_PYTHON = str(venv.PYTHON)


def children(settings: dict[str, str]) -> list[Child]:
    """All of them; clicks have a worker of their own, so that no sweep stands before a person."""
    found = [
        Child("web", _uvicorn("portal.asgi", settings["WEB_LISTEN"]), ENV),
        Child("clicks", _worker("clicks", "click", 4), ENV),
        Child("sweep", _worker("sweep", "sweep,celery", 6), ENV),
        Child("clock", [_PYTHON, "-m", "portal.clock"], ENV),
    ]
    if settings["GIT_DOOR_LISTEN"] and (CHECKOUT / "portal" / "git_door_app.py").exists():
        found.append(Child("git-door", _uvicorn("portal.git_door_app", settings["GIT_DOOR_LISTEN"]), ENV))
    return found


def _uvicorn(module: str, listen: str) -> list[str]:
    host, _, port = listen.rpartition(":")
    flags = ["--timeout-graceful-shutdown", "3", "--no-access-log", "--log-level", "warning"]
    return [_PYTHON, "-m", "uvicorn", f"{module}:application", "--host", host, "--port", port, *flags]


def _worker(name: str, queues: str, threads: int) -> list[str]:
    quiet = ["--loglevel", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    celery = [_PYTHON, "-m", "celery", "-A", "portal.celery"]
    return [*celery, "worker", "-n", f"{name}@%h", "-Q", queues, "-P", "threads", "-c", str(threads), *quiet]
