"""`./fairground lock`: writes the lock files from the .in files: exact versions with hashes, and no address in them."""

import subprocess

from cli import venv
from cli.home import CHECKOUT
from cli.talk import HaltError, say

FLAGS = ("--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links")
PYTHON = "3.11"
ALONE = "tests/pool/lab/cobbler.lock"
"""Goes into an environment of its own, in which only what its .in file names is installed."""


def lock(*, upgrade: bool) -> int:
    """Needs `uv` in the virtual environment or on the path; installs it there if it is missing."""
    python = venv.ensure(venv.DEVELOP)
    uv = python.parent / "uv"
    if not uv.exists():
        say("Installing uv …")
        _run(str(python), "-m", "pip", "install", "--quiet", "uv")
    for name in (venv.RUN, venv.DEVELOP, ALONE):
        more = [*(["--upgrade"] if upgrade else []), *(["--no-deps"] if name == ALONE else [])]
        source = name.replace(".lock", ".in")
        _run(str(uv), "pip", "compile", source, "--python-version", PYTHON, *FLAGS, *more, "--output-file", name)
        say(f"Wrote {name}.")
    return 0


def _run(*words: str) -> None:
    done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise HaltError(f"{' '.join(words[:4])} … failed:\n{done.stderr[-3000:]}")
