"""Commands that need the Python packages go on inside the virtual environment."""

import subprocess

from cli import venv
from cli.home import CHECKOUT


def within_venv(module: str, words: list[str]) -> int:
    """Run `python -m module words…` there; return its exit code."""
    python = venv.ensure(venv.DEVELOP if module.startswith("tests.") else venv.RUN)
    return subprocess.run([python, "-m", module, *words], cwd=CHECKOUT, check=False).returncode
