"""Pages and git door in one program, `python -m portal.server.serve WEB[,WEB…] [DOOR]`: one copy of Django in memory.

Larger houses run `portal.asgi` and `portal.server.git_door_app` as they like; each is an ASGI application of its own.
"""

import asyncio
import socket
import sys
from email.utils import formatdate
from types import FrameType

import uvicorn
from uvicorn.server import ServerState

APPLICATIONS = ("portal.asgi:application", "portal.server.git_door_app:application")
GRACE = 3
"""Seconds that open streams are given at the end; without a limit they would block a restart."""


class Headers(ServerState):
    """What the protocols of a server share. The date is that of the answer, though nobody keeps it up to date."""

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        """The headers of an answer that is given now."""
        return [(b"date", formatdate(usegmt=True).encode())]

    @default_headers.setter
    def default_headers(self, _: object) -> None:
        """uvicorn's own would be the same."""


class Server(uvicorn.Server):
    """Sleeps until it is told to end; uvicorn's own looks ten times a second, which was most of what an idle portal did."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.server_state = Headers()
        self._told = asyncio.Event()

    async def main_loop(self) -> None:
        """Until it ends."""
        while not await self.on_tick(0):
            await self._told.wait()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal came, perhaps in the middle of anything."""
        super().handle_exit(sig, frame)
        asyncio.get_running_loop().call_soon_threadsafe(self._told.set)


def server(application: str) -> uvicorn.Server:
    """One application."""
    quiet = {"access_log": False, "log_config": None, "proxy_headers": False, "server_header": False}
    # portal.server.forwarded reads the proxy's headers
    return Server(uvicorn.Config(application, timeout_graceful_shutdown=GRACE, **quiet))  # type: ignore[arg-type]


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
