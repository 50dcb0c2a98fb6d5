"""The wire to one engine, for the length of one call of the driver."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import docker
from docker.errors import APIError, DockerException, NotFound
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from provisioning.fabrics.container import errors


class Engine:
    """A client that keeps a deadline. `api` is to be asked for anew before each request."""

    def __init__(self, client: docker.APIClient, deadline: float) -> None:
        self._client = client
        self._deadline = deadline

    @property
    def api(self) -> docker.APIClient:
        """The client, told how long it may still take. Raises TimeoutError when that is nothing."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("The engine took longer than it was given.")
        self._client.timeout = left  # type: ignore[assignment]  # seconds, and fractions of them
        return self._client

    def container(self, name: str) -> dict[str, Any] | None:
        """What the engine knows about a container; None if there is none."""
        try:
            return dict(self.api.inspect_container(name))
        except NotFound:
            return None

    def networks(self, name: str) -> list[dict[str, Any]]:
        """All networks of exactly this name: some engines allow two."""
        return [dict(found) for found in self.api.networks(names=[name]) if found["Name"] == name]


@contextmanager
def opened(docker_host: str, version: str, within: float) -> Iterator[Engine]:
    """Talk to an engine for at most `within` seconds. Raises Stops only; "auto" asks the engine for its version."""
    deadline = time.monotonic() + within
    try:
        client = docker.APIClient(base_url=docker_host, version=version, timeout=max(within, 0.01))  # type: ignore[arg-type]
        try:
            yield Engine(client, deadline)
        finally:
            client.close()
    except APIError as error:
        raise errors.translated(error) from error
    except (DockerException, RequestException, HTTPError, OSError) as error:
        raise errors.away(error) from error
