"""Pages and git door in one program, `python -m portal.serve WEB [DOOR]`: two listeners, one copy of Django in memory.

Larger houses run `portal.asgi` and `portal.git_door_app` as they like; each is an ASGI application of its own.
"""

import asyncio
import sys

import uvicorn

APPLICATIONS = ("portal.asgi:application", "portal.git_door_app:application")
GRACE = 3
"""Seconds that open streams are given at the end; without a limit they would block a restart."""


def server(application: str, listen: str) -> uvicorn.Server:
    """One listener at `host:port`."""
    host, _, port = listen.rpartition(":")
    config = uvicorn.Config(
        application, host=host, port=int(port), timeout_graceful_shutdown=GRACE, access_log=False, log_config=None
    )
    return uvicorn.Server(config)


async def serve(listens: list[str]) -> None:
    """Serve until told to end; if one listener cannot, none does."""
    servers = [server(application, listen) for application, listen in zip(APPLICATIONS, listens, strict=False)]
    await asyncio.gather(*(one.serve() for one in servers))


if __name__ == "__main__":
    asyncio.run(serve([listen for listen in sys.argv[1:] if listen]))
