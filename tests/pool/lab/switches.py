"""Stand-ins for power switches: what a fence agent would do at a computer's plug is done to an object of the tests."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol


class Plugged(Protocol):
    """What hangs on a plug."""

    is_on: bool

    def switch(self, *, on: bool) -> None:
        """Give it power, or take it away. Returns at once, as a switch does."""


class Switches:
    """A row of plugs, at a loopback port."""

    def __init__(self) -> None:
        self.plugs: dict[str, Plugged] = {}
        self.asked: list[tuple[str, str]] = []
        """Plug and "on" or "off", in order."""
        self.is_broken = False
        switches = self

        class Door(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                said = switches.answer(*self.path.strip("/").split("/"))
                self.send_response(200 if said else 500)
                self.end_headers()
                self.wfile.write(said.encode())

            def log_message(self, *words: Any) -> None:
                """Nobody reads it."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.address = f"127.0.0.1:{self.server.server_port}"

    def answer(self, plug: str, action: str) -> str:
        """As fence agents speak; empty = it failed."""
        if self.is_broken or plug not in self.plugs:
            return ""
        if action in ("on", "off"):
            self.asked.append((plug, action))
            self.plugs[plug].switch(on=action == "on")
        return f"Status: {'on' if self.plugs[plug].is_on else 'off'}"


@contextmanager
def open_switches() -> Iterator[Switches]:
    """They answer while this is open."""
    switches = Switches()
    thread = threading.Thread(target=switches.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield switches
    finally:
        switches.server.shutdown()
        switches.server.server_close()
