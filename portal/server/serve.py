"""Pages and git door in one program, `python -m portal.server.serve WEB[,WEB…] [DOOR]`: one copy of Django in memory.

Larger houses run `portal.asgi` and `portal.server.git_door_app` as they like; each is an ASGI application of its own.
"""

import asyncio
import socket
import sys

import uvicorn

APPLICATIONS = ("portal.asgi:application", "portal.server.git_door_app:application")
GRACE = 3
"""Seconds that open streams are given at the end; without a limit they would block a restart."""


def server(application: str) -> uvicorn.Server:
    """One application."""
    quiet = {"access_log": False, "log_config": None, "proxy_headers": False}  # portal.server.forwarded reads these
    return uvicorn.Server(uvicorn.Config(application, timeout_graceful_shutdown=GRACE, **quiet))  # type: ignore[arg-type]


def sockets(listens: str) -> list[socket.socket]:
    """Listen at each `host:port` of a list with commas. Raises OSError."""
    places = [listen.rpartition(":") for listen in listens.split(",")]
    return [socket.create_server((host, int(port)), backlog=2048) for host, _, port in places]


async def serve(listens: list[str]) -> None:
    """Serve until told to end; if one listener cannot, none does."""
    doors = [(server(application), sockets(where)) for application, where in zip(APPLICATIONS, listens, strict=False)]
    await asyncio.gather(*(one.serve(sockets=opened) for one, opened in doors))


if __name__ == "__main__":
    asyncio.run(serve([listen for listen in sys.argv[1:] if listen]))
