"""Our own programs: web (with the git door), and two workers, of which one has the clock."""

from cli import venv
from cli.children import Child

NAMES = ("web", "clicks", "sweep")
ENV = {"DJANGO_SETTINGS_MODULE": "portal.settings", "STATIC_HASHED": "1"}
_PYTHON = str(venv.PYTHON)


def children(settings: dict[str, str]) -> list[Child]:
    """All of them. What a worker does, `portal.server.work` knows."""
    web = ",".join(filter(None, [settings["WEB_LISTEN"], settings.get("LAN_LISTEN")]))
    serve, work = "portal.server.serve", "portal.server.work"
    words = {"web": [serve, web, settings["GIT_DOOR_LISTEN"]], "clicks": [work, "clicks"], "sweep": [work, "sweep"]}
    return [Child(name, [_PYTHON, "-m", *words[name]], ENV | {"FAIRGROUND_PROGRAM": name}) for name in NAMES]
