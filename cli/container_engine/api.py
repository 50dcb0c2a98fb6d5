"""The few words of the engine's HTTP interface that are needed before the virtual environment exists."""

import contextlib
import http.client
import json
import resource
import socket
from collections.abc import Mapping
from typing import IO, Any
from urllib.parse import quote, urlencode, urlsplit

Body = bytes | IO[bytes] | None
LIMITS = (("nofile", resource.RLIMIT_NOFILE, 4096), ("nproc", resource.RLIMIT_NPROC, 16_384))


class EngineError(Exception):
    """The engine is away, or refused. The text is for the person at the command line."""


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _open(docker_host: str, timeout: float) -> http.client.HTTPConnection:
    with contextlib.suppress(ValueError):  # a port that is no number
        where = urlsplit(docker_host)
        match where.scheme:
            case "unix":
                return _UnixConnection(where.path, timeout)
            case "tcp" | "http" if where.hostname:
                return http.client.HTTPConnection(where.hostname, where.port or 2375, timeout=timeout)
    raise EngineError(f"DOCKER_HOST is {docker_host!r}; only unix:// and tcp:// are understood here.")


class Api:
    """One engine, by its address. Every call opens a connection of its own and bears `timeout` seconds of silence."""

    def __init__(self, docker_host: str, timeout: float = 20) -> None:
        self.docker_host = docker_host
        self._timeout = timeout

    def ask(self, method: str, path: str, body: Body = None, **headers: str) -> tuple[int, bytes]:
        """Send one request; return status and the whole answer. Raises EngineError when nobody answers."""
        connection = _open(self.docker_host, self._timeout)
        try:
            with contextlib.suppress(BrokenPipeError):  # it refuses before it has read everything, and says why
                connection.request(method, path, body, {name.replace("_", "-"): text for name, text in headers.items()})
            reply = connection.getresponse()
            return reply.status, reply.read()
        except (OSError, http.client.HTTPException) as error:
            raise EngineError(f"The container engine at {self.docker_host} does not answer: {error}") from error
        finally:
            connection.close()

    def json(self, method: str, path: str, given: Mapping[str, Any] | None = None, **query: str) -> Any:
        """Send and receive JSON. Raises EngineError for a status of 400 or more, with the engine's own words."""
        body = None if given is None else json.dumps(given).encode()
        if query:
            path = f"{path}?{urlencode(query)}"
        status, answer = self.ask(method, path, body, Content_Type="application/json")
        if status >= 400:
            raise EngineError(f"The container engine refused {method} {path}: {answer.decode(errors='replace')[:500]}")
        return json.loads(answer) if answer.strip() else None

    def answers(self) -> bool:
        """Say whether an engine listens there and lets us in. Raises EngineError for an address of another kind."""
        _open(self.docker_host, self._timeout)
        try:
            return self.ask("GET", "/_ping")[0] == http.HTTPStatus.OK
        except EngineError:
            return False

    def is_podman(self) -> bool:
        """Say whether this is Podman, which speaks Docker's language with an accent. Raises EngineError."""
        parts = self.json("GET", "/version").get("Components") or []
        return any("Podman" in part.get("Name", "") for part in parts)

    def limits_nothing(self) -> bool:
        """Say whether it takes limits of machines and ignores them: Podman without rights, on cgroups v1."""
        about = self.json("GET", "/info")
        return bool(about.get("Rootless")) and str(about.get("CgroupVersion")) == "1"

    def networks(self, **filters: str) -> list[dict[str, Any]]:
        """All networks that match, e.g. label="x=y"."""
        chosen = json.dumps({name: [value] for name, value in filters.items()})
        return list(self.json("GET", f"/networks?filters={quote(chosen)}") or [])

    def containers(self, **filters: str) -> list[dict[str, Any]]:
        """All containers that match, stopped ones too."""
        chosen = json.dumps({name: [value] for name, value in filters.items()})
        return list(self.json("GET", f"/containers/json?all=1&filters={quote(chosen)}") or [])


def limits() -> list[dict[str, Any]]:
    """Ulimits of a container that is here for a moment: an engine's own may be more than may be given on this host."""
    return [_limit(*limit) for limit in LIMITS]


def _limit(name: str, what: int, most: int) -> dict[str, Any]:
    hard = resource.getrlimit(what)[1]
    many = most if hard == resource.RLIM_INFINITY else min(most, hard)
    return {"Name": name, "Soft": many, "Hard": many}
