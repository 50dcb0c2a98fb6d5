"""What this system did not have before we came, written down before it is brought. `./fairground remove` goes by it."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from cli.home import home
from cli.whole import write_whole

PACKAGES, IMAGES, ENVIRONMENTS, USERS, FILES, KERNEL = "packages", "images", "environments", "users", "files", "kernel"


def file() -> Path:
    """The last thing that `remove` takes away."""
    return home() / "brought.json"


def read(kind: str) -> list[str]:
    """What was brought of this kind so far; perhaps it never came, because a kill was faster."""
    return _all().get(kind, [])


def write_down(kind: str, things: Iterable[str]) -> None:
    """Add these. On the disk before this returns."""
    known = _all()
    if fresh := sorted({*known.get(kind, []), *things}):
        _write(known | {kind: fresh})


def _all() -> dict[str, list[str]]:
    return dict(json.loads(file().read_text())) if file().exists() else {}


def _write(told: Mapping[str, list[str]]) -> None:
    home().mkdir(mode=0o711, parents=True, exist_ok=True)
    write_whole(file(), json.dumps(told, indent=1))
