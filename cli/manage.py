"""Our questions to `manage.py`, where the database is needed and the virtual environment is there."""

import json
import os
import subprocess
from typing import Any

from cli import portal_files, venv
from cli.home import CHECKOUT, settings_file
from cli.ours import ENV
from cli.talk import HaltError


def manage(*words: str) -> str:
    """Run manage.py and return what it says. Raises HaltError with its last words."""
    done = subprocess.run(
        [venv.PYTHON, CHECKOUT / "manage.py", *words], env={**os.environ, **ENV}, umask=0o077,
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        raise HaltError(f"manage.py {words[0]} failed:\n{done.stderr[-1500:]}")
    return done.stdout


def facts() -> dict[str, Any]:
    """What only the database knows; a single key "why" where it cannot be asked. Never raises, never changes anything."""
    if not venv.PYTHON.exists():
        return {"why": "the Python packages are not installed yet; `./fairground up` installs them"}
    file = portal_files.sqlite_file()
    if not settings_file().exists() or (file is not None and not file.exists()):
        return {"why": "there is no database yet"}
    try:
        answer: dict[str, Any] = json.loads(manage("facts"))
    except (HaltError, OSError, ValueError) as told:
        return {"why": str(told).strip().splitlines()[-1][:200]}
    return answer
