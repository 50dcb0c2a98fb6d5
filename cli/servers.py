"""PostgreSQL and Redis for the tests, of our own: on temporary folders and sockets, ended by pid."""

import contextlib
import os
import secrets
import shutil
import socket
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
    data, bins, password, port = folder / "data", _binaries(), secrets.token_hex(16), _free_port()
    folder.mkdir(mode=0o755)
    (folder / "password").write_text(password)
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
        shutil.chown(folder / "password", user)
    flags = ["--auth=scram-sha-256", "--pwfile", str(folder / "password"), "--username=fairground", "--no-sync"]
    made = subprocess.run(
        [bins / "initdb", "-D", data, *flags, "--encoding=UTF8", "--locale=C.UTF-8"],
        capture_output=True, text=True, check=False, user=user, cwd="/",
    )  # fmt: skip
    if made.returncode:
        raise HaltError(f"PostgreSQL's initdb failed:\n{made.stderr[-1000:]}")
    where = ["-c", "listen_addresses=127.0.0.1", "-p", str(port), "-k", str(folder)]
    fast = ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "autovacuum=off", "-c", "max_connections=200"]
    with (folder / "log").open("ab") as log:
        words = [str(bins / "postgres"), "-D", str(data), *where, *fast]
        server = subprocess.Popen(words, stdout=log, stderr=log, cwd="/", user=user)
    try:
        _await_yes([bins / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)], server, folder / "log")
        yield f"postgres://fairground:{password}@127.0.0.1:{port}/postgres"
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
        _await_yes(["test", "-S", place], server, folder / "log")
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


def _await_yes(words: list[str | Path], server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while subprocess.run(words, capture_output=True, check=False).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            raise HaltError(f"A server for the tests did not start:\n{log.read_text(errors='replace')[-1000:]}")
        time.sleep(0.05)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
