"""A real Caddy, a portal and services that say what they were asked, all on loopback."""

import json
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from provisioning.driver import Endpoint
from provisioning.errors import TryAgain
from provisioning.front_door.admin_api import AdminApi
from provisioning.front_door.base import Base, base_config
from provisioning.front_door.caddy import CaddyDoor
from provisioning.front_door.tls import Tls
from provisioning.front_door.visits import Visits
from tests.needs import program
from tests.plain_http import PLAIN
from tests.waiting import until


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


class Site(ThreadingHTTPServer):
    """A web server whose pages are a dictionary: path → (status, headers, body). It remembers what it was asked."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Asked)
        self.pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.bodies: list[bytes] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint("127.0.0.1", self.server_port)

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class _Asked(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self.server.asked.append((self.command, self.path, {name.lower(): text for name, text in self.headers.items()}))
        self.server.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        status, headers, body = self.server.pages.get(self.path, (404, {}, b"no such page"))
        self.send_response(status)
        for name, text in ({"Content-Type": "text/html"} | headers).items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the base class's word

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's word
        pass


@dataclass
class Caddy:
    """One Caddy with folders of its own; it may be killed and started again."""

    folder: Path
    portal: Site
    port: int = field(default_factory=free_port)
    child: subprocess.Popen[bytes] | None = None
    lan: str = ""
    trusted: tuple[str, ...] = ()
    tls: Tls | None = None
    visits: Visits | None = None
    portal_host: str = "localhost:8000"
    apps_domain: str = "apps.localhost"

    @property
    def base(self) -> Base:
        return Base(
            admin=f"unix/{self.folder}/caddy.sock",
            listen=f"127.0.0.1:{self.port}",
            apps_domain=self.apps_domain,
            portal=self.portal.endpoint,
            portal_host=self.portal_host,
            lan=self.lan,
            trusted=self.trusted,
            tls=self.tls,
            visits=self.visits,
        )

    @property
    def door(self) -> CaddyDoor:
        return CaddyDoor(AdminApi(self.base.admin))

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint("127.0.0.1", self.port)

    def start(self, *flags: str) -> None:
        config = self.folder / "base.json"
        config.write_text(json.dumps(base_config(self.base)))
        homes = {"XDG_CONFIG_HOME": str(self.folder / "config"), "XDG_DATA_HOME": str(self.folder / "data")}
        with (self.folder / "log").open("ab") as log:
            self.child = subprocess.Popen(
                [program("caddy"), "run", "--config", str(config), *flags],
                env=os.environ | homes, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        until("caddy answers", self._answers)

    def kill(self) -> None:
        if self.child:
            self.child.kill()
            self.child.wait()
            self.child = None

    def get(self, host: str, path: str = "/", **headers: str) -> httpx.Response:
        return self.ask("GET", host, path, headers)

    def ask(self, method: str, host: str, path: str, headers: dict[str, str]) -> httpx.Response:
        named = {"Host": host, "Accept": "text/html"} | {name.replace("_", "-"): text for name, text in headers.items()}
        return httpx.request(
            method, f"http://127.0.0.1:{self.port}{path}", headers=named, trust_env=False, verify=PLAIN
        )

    def _answers(self) -> bool:
        try:
            self.door.line("nobody", within=5)
        except TryAgain:
            return False
        return True


@contextmanager
def site() -> Iterator[Site]:
    opened = Site()
    yield opened
    opened.close()
