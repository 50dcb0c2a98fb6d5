"""One call to Caddy's admin API.

Spoken with h11 itself because Caddy sends the ETag of what it shows as a trailer, which no HTTP client of ours hands
over; and without it two workers cannot change the same list safely. Each call has a connection of its own: Caddy drops
connections when a change replaces its listener, also such as were opened a moment before. So a dropped one is tried
again, and whatever is asked here must be harmless when asked twice.
"""

import json
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import h11

from provisioning.errors import Blame, TryAgain

LARGEST = 32 * 1024 * 1024  # bytes of one answer; a whole configuration with 100,000 lines is smaller

SWAP = 1.0  # seconds that Caddy may need to replace its listener


@dataclass(frozen=True)
class Reply:
    """What Caddy answered. `etag` names the place and the state of what was shown."""

    status: int
    body: bytes
    etag: str = ""

    @property
    def data(self) -> Any:
        """The answer as JSON."""
        return json.loads(self.body)

    @property
    def path(self) -> str:
        """Where in the configuration the shown object stands."""
        return self.etag.strip('"').rpartition(" ")[0]


class AdminApi:
    """Caddy's admin API at `unix//path/to/socket` (better: only its owner can open it) or `host:port`."""

    def __init__(self, address: str) -> None:
        self.address = address

    def call(self, method: str, path: str, given: Any = None, *, if_match: str = "", within: float) -> Reply:
        """Ask, and return whatever Caddy answers. TryAgain("front-door-away") when it does not answer in time."""
        began = time.monotonic()
        until, patience = began + within, began + min(within, SWAP)
        tries = 0
        while True:
            tries += 1
            try:
                with self._connection(within) as wire:
                    return _exchange(wire, _request(method, path, given, if_match), until)
            except (OSError, h11.ProtocolError) as broken:
                is_over = tries > 1 and time.monotonic() > patience  # one more try, however long the first has slept
                if isinstance(broken, TimeoutError) or is_over:
                    raise TryAgain("front-door-away", blame=Blame.PORTAL, why=str(broken) or type(broken).__name__)
            time.sleep(0.02)

    def _connection(self, within: float) -> socket.socket:
        if self.address.startswith("unix/"):
            wire = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            wire.settimeout(within)
            wire.connect(self.address.removeprefix("unix/"))
            return wire
        host, _, port = self.address.rpartition(":")
        return socket.create_connection((host, int(port)), timeout=within)


def _request(method: str, path: str, given: Any, if_match: str) -> tuple[h11.Request, bytes]:
    body = b"" if given is None else json.dumps(given).encode()
    headers = [("Host", "fairground"), ("Connection", "close"), ("Content-Length", str(len(body)))]
    if body:
        headers.append(("Content-Type", "application/json"))
    if if_match:
        headers.append(("If-Match", if_match))
    return h11.Request(method=method, target=path, headers=headers), body


def _exchange(wire: socket.socket, request: tuple[h11.Request, bytes], until: float) -> Reply:
    talk = h11.Connection(h11.CLIENT)
    head, body = request
    said = [talk.send(event) or b"" for event in (head, h11.Data(data=body), h11.EndOfMessage())]
    with suppress(BrokenPipeError):  # who has heard enough answers and closes: the answer is there to be read
        wire.sendall(b"".join(said))
    status, etag, shown = 0, "", bytearray()
    while True:
        event_in = talk.next_event()
        if event_in is h11.NEED_DATA:
            wire.settimeout(max(0.001, until - time.monotonic()))
            talk.receive_data(wire.recv(65536))
        elif isinstance(event_in, h11.Data):
            shown += event_in.data
            if len(shown) > LARGEST or time.monotonic() > until:
                raise TimeoutError("the answer is too long")
        elif isinstance(event_in, h11.Response):
            status, etag = event_in.status_code, _etag(event_in.headers) or etag
        elif isinstance(event_in, h11.EndOfMessage):
            return Reply(status, bytes(shown), _etag(event_in.headers) or etag)
        else:
            raise ConnectionError("the connection was closed in the middle")


def _etag(headers: Any) -> str:
    return next((value.decode("latin-1") for name, value in headers if name == b"etag"), "")
