"""An installation apart from the one of `up`, for the demo and for benches: own data, ports and front door, same engine."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping

from cli import container_engine, env_file, machines, packages, programs
from cli.home import CHECKOUT, home, run_folder
from cli.machine_image import ensure_image
from cli.ours import ENV
from cli.talk import HaltError, say


@contextlib.contextmanager
def apart(name: str, settings: Mapping[str, str], *, keep: bool = False) -> Iterator[dict[str, str]]:
    """Run a fresh portal in <home>/<name> with these settings; yields all of them. Nothing of it is left afterwards.

    Where the work inside fails, its folder stays for a look, until the next run. Raises HaltError.
    """
    lacking = packages.missing(packages.FOR_UP)
    packages.require(lacking)
    packages.install(lacking)  # here, so that `remove` knows that they were brought
    engine = container_engine.ensure(say)
    ensure_image(engine, say)
    own, run = home() / name, run_folder() / name
    os.environ |= {
        "FAIRGROUND_HOME": str(own),
        "FAIRGROUND_RUN": str(run),
        "DOCKER_HOST": engine.docker_host,
        **settings,
    }
    fairground("down")
    machines.remove(engine)  # of a run that was killed
    shutil.rmtree(own, ignore_errors=True)
    try:
        fairground("up", "--yes", "--detach")
        yield env_file.read()
    except BaseException:
        print(f"Its logs stay in {programs.log_file('web').parent} until the next run.", file=sys.stderr)
        raise
    finally:
        if not keep:
            fairground("down")
    if not keep:
        machines.remove(engine)  # not before: a portal that runs makes anew what is taken from it
        shutil.rmtree(own, ignore_errors=True)


def fairground(*words: str) -> None:
    """Run one of our own commands there; its progress goes to standard error. Raises HaltError."""
    done = subprocess.run([CHECKOUT / "fairground", *words], check=False, stdout=sys.stderr, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise HaltError(f"`fairground {words[0]}` failed for the installation apart; its words are above.")


def manage(*words: str) -> str:
    """Run manage.py there, and return what it says. Raises HaltError."""
    done = subprocess.run(
        [sys.executable, CHECKOUT / "manage.py", *words],
        env={**os.environ, **ENV}, capture_output=True, text=True, check=False, umask=0o077,
    )  # fmt: skip
    if done.returncode:
        raise HaltError(f"manage.py {words[0]} failed:\n{done.stderr[-1500:]}")
    return done.stdout
