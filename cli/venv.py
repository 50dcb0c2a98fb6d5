"""The virtual environment: made once, filled from a lock file with hashes, and again only when that file changes."""

import hashlib
import subprocess
import sys
from pathlib import Path

from cli import brought, packages
from cli.container_engine import apt_install
from cli.home import CHECKOUT
from cli.talk import HaltError, say

VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".locked"
RUN, DEVELOP = "requirements.lock", "requirements-dev.lock"


def ensure(lock: str) -> Path:
    """Make sure that everything in this lock file is installed; return the environment's Python. Raises HaltError."""
    make()
    return fill(lock)


def fill(lock: str) -> Path:
    """The second half of `ensure`, which nothing else waits for: it only fetches. Raises HaltError."""
    if not is_filled(lock):
        say(f"Installing the Python packages of {lock} (about half a minute) …")
        STAMP.unlink(missing_ok=True)  # what is broken off half way is nobody's lock file
        _run(PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r", str(CHECKOUT / lock))
        STAMP.write_text(_digest(lock))
    return PYTHON


def is_filled(lock: str) -> bool:
    """Whether it holds just this lock file, or the one for development, which holds everything of the other."""
    return _runs() and STAMP.exists() and STAMP.read_text() in {_digest(lock), _digest(DEVELOP)}


def make() -> None:
    """Make sure that there is an environment that runs, perhaps an empty one. Raises HaltError."""
    if _runs():
        return
    if not packages.has_venv() and packages.may_install():
        say(f"Installing the Debian package {packages.venv_package()} …")
        apt_install((packages.venv_package(),))
    if not packages.has_venv():
        need = packages.venv_package()
        raise HaltError(f"This Python cannot make virtual environments. On Debian, as root: apt install {need}")
    if not VENV.exists():
        brought.write_down(brought.ENVIRONMENTS, [str(VENV)])
    say("Making the virtual environment …")
    _run(sys.executable, "-m", "venv", "--clear", str(VENV))


def _runs() -> bool:
    """It may stem from a Python that is gone, or its making was broken off: what comes last is pip, and of pip its list."""
    words: list[str | Path] = [PYTHON, "-c", "import pip; from importlib.metadata import files; assert files('pip')"]
    return PYTHON.exists() and subprocess.run(words, capture_output=True, check=False).returncode == 0


def _digest(lock: str) -> str:
    return hashlib.sha256((CHECKOUT / lock).read_bytes()).hexdigest()


def _run(*words: str | Path) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise HaltError(f"{' '.join(map(str, words[:5]))} … failed:\n{(done.stderr or done.stdout)[-2000:]}")
