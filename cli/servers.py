"""PostgreSQL and Redis for the tests, of our own: on temporary folders and sockets, ended by pid."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from cli.packages import REDIS
from cli.talk import HaltError

PATIENCE = 20.0
_DEBIAN = Path("/usr/lib/postgresql")


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A cluster that lives as long as the tests; yields its DATABASE_URL.

    As root it runs as the user postgres, because PostgreSQL refuses root.
    """
    data, bins = folder / "data", _binaries()
    folder.mkdir(mode=0o755)
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    flags = ["--auth=trust", "--username=fairground", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"]
    made = subprocess.run(
        [bins / "initdb", "-D", data, *flags], capture_output=True, text=True, check=False, user=user, cwd="/"
    )
    if made.returncode:
        raise HaltError(f"PostgreSQL's initdb failed:\n{made.stderr[-1000:]}")
    settings = ["-k", str(folder), "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200"]
    with (folder / "log").open("ab") as log:
        server = subprocess.Popen(
            [bins / "postgres", "-D", data, *settings], stdout=log, stderr=log, cwd="/", user=user
        )
    try:
        _await(folder / ".s.PGSQL.5432", server, folder / "log")
        _await_yes([bins / "pg_isready", "-h", folder], server)
        subprocess.run([bins / "createdb", "-h", folder, "-U", "fairground", "fairground"], check=True)
        yield f"postgres://fairground@{str(folder).replace('/', '%2F')}/fairground"
    finally:
        _end(server)


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[str]:
    """A Redis on a socket; yields its BROKER_URL."""
    folder.mkdir(mode=0o700)
    place = folder / "redis.sock"
    words = [REDIS.program, "--port", "0", "--unixsocket", str(place), "--save", "", "--dir", str(folder)]
    with (folder / "log").open("ab") as log:
        server = subprocess.Popen(words, stdout=log, stderr=log)
    try:
        _await(place, server, folder / "log")
        yield f"redis+socket://{place}"
    finally:
        _end(server)


def _binaries() -> Path:
    """The newest version's folder of programs."""
    found = sorted(_DEBIAN.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    if program := shutil.which("postgres"):
        return Path(program).resolve().parent
    raise HaltError("PostgreSQL's programs are not here.")


def _await(place: Path, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not place.exists():
        if server.poll() is not None or time.monotonic() > deadline:
            raise HaltError(f"A server for the tests did not start:\n{log.read_text(errors='replace')[-1000:]}")
        time.sleep(0.05)


def _await_yes(words: list[str | Path], server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while subprocess.run(words, capture_output=True, check=False).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            raise HaltError("PostgreSQL did not become ready.")
        time.sleep(0.05)


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
