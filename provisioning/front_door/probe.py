"""Asks a page for real. A page is taken at its word only within caps of time, bytes and redirects."""

import codecs
import html
import re
import socket
import ssl
import time
from dataclasses import dataclass

import httpx

from catalog.manifest import Probe
from provisioning.driver import Endpoint
from provisioning.front_door.closed import DOOR_HEADER
from provisioning.step import Answer

LARGEST = 256 * 1024  # bytes of a page that are read; what a manifest promises must stand in them
REDIRECTS = 5
_TITLE = re.compile(r"<title\b", re.IGNORECASE)
_NO_TITLE = re.compile(r"</title\s*>", re.IGNORECASE)
_CHARSETS = (
    "utf-8", "utf-16", "utf-32", "ascii", "iso8859-", "cp", "koi8-", "mac-", "big5", "gb", "euc_", "shift_jis", "iso2022_",
)  # fmt: skip
"""How the names of those begin that are ways to write text. Python knows more by such names, and some that take hours."""
_SPACE = re.compile(r"\s+")
_HEADERS = {"User-Agent": "fairground-probe", "Accept": "text/html,*/*;q=0.5", "Connection": "close"}
_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody: what we ask speaks plain HTTP, and to read all authorities of this system takes 16 ms of CPU each time."""


class _UnansweredError(Exception):
    """No page came back; the text says why."""


@dataclass(frozen=True)
class _Page:
    status: int
    text: str
    ours: str  # why the front door answered itself; empty = the service's own page
    further: httpx.URL | None  # where it redirects to


@dataclass(frozen=True)
class HttpProber:
    """Implements `provisioning.step.Prober`. Looks at no proxy setting of this machine and keeps no cookie.

    Asks without TLS, behind whoever takes it off, and says like that one which scheme visitors use: else a service
    would send the question to https, for ever.
    """

    scheme: str = "http"

    def ask(self, endpoint: Endpoint, host: str, probe: Probe, *, within: float) -> Answer:
        """GET the page under this name and compare; for `tcp`, connect. Never raises for an unreachable page."""
        until = time.monotonic() + within
        try:
            if probe.tcp is not None:
                return _connect(endpoint, host, until, self.scheme)
            return _judge(_last_page(endpoint, host, probe.path or "/", until, self.scheme), probe)
        except _UnansweredError as broken:
            return Answer(False, why=str(broken))


def _judge(page: _Page, probe: Probe) -> Answer:
    if page.ours:
        return Answer(False, page.status, why="the front door answered in its place")
    if page.status != probe.status:
        return Answer(False, page.status, why=f"status {page.status}, not {probe.status}")
    if probe.contains and _plain(probe.contains) not in _plain(page.text):
        return Answer(False, page.status, why=f"text not found: {probe.contains}")
    if probe.title and _plain(probe.title) not in _title(page.text):
        return Answer(False, page.status, why=f"title not found: {probe.title}")
    return Answer(True, page.status, matched=probe.contains or probe.title or "")


def _title(text: str) -> str:
    """What stands between the first `<title>` and the next `</title>`: each letter of the page is looked at once."""
    found = _TITLE.search(text)
    begins = text.find(">", found.end()) + 1 if found else 0
    ends = _NO_TITLE.search(text, begins) if begins else None
    return _plain(text[begins : ends.start()]) if ends else ""


def _plain(text: str) -> str:
    """As people read it: entities resolved, runs of white space are one space."""
    return _SPACE.sub(" ", html.unescape(text)).strip()


def _last_page(endpoint: Endpoint, host: str, path: str, until: float, scheme: str) -> _Page:
    """The page after redirects, which must stay on this host."""
    target = httpx.URL(scheme="http", host=endpoint.host, port=endpoint.port, raw_path=path.encode())
    with httpx.Client(trust_env=False, headers={**_HEADERS, "X-Forwarded-Proto": scheme}, verify=_NOBODY) as client:
        for _ in range(REDIRECTS + 1):
            page = _fetch(client, target, host, until)
            if page.further is None:
                return page
            if page.further.host not in {host.partition(":")[0], endpoint.host}:
                raise _UnansweredError(f"it sends visitors away to {page.further.host}")
            target = target.copy_with(raw_path=page.further.raw_path)
            client.cookies.clear()
    raise _UnansweredError(f"more than {REDIRECTS} redirects")


def _fetch(client: httpx.Client, target: httpx.URL, host: str, until: float) -> _Page:
    try:
        with client.stream("GET", target, headers={"Host": host}, timeout=_left(until)) as answer:
            text = _text(_body(answer, until), answer.encoding or "")
            further = target.join(answer.headers["location"]) if answer.has_redirect_location else None
            return _Page(answer.status_code, text, answer.headers.get(DOOR_HEADER, ""), further)
    except httpx.TimeoutException:
        raise _UnansweredError("no answer in time")
    except httpx.ConnectError:
        raise _UnansweredError("connection refused")
    except (httpx.HTTPError, httpx.InvalidURL, LookupError) as broken:
        raise _UnansweredError(f"no page that can be read ({type(broken).__name__})")


def _text(body: bytes, charset: str) -> str:
    """As its charset says, or as most are written."""
    try:
        name = codecs.lookup(charset).name
        return body.decode(name if name.startswith(_CHARSETS) else "utf-8", errors="replace")
    except (LookupError, ValueError):
        return body.decode("utf-8", errors="replace")


def _body(answer: httpx.Response, until: float) -> bytes:
    body = bytearray()
    for chunk in answer.iter_bytes(16 * 1024):
        body += chunk
        if len(body) >= LARGEST:
            break
        _left(until)
    return bytes(body[:LARGEST])


def _connect(endpoint: Endpoint, host: str, until: float, scheme: str) -> Answer:
    """A port that can be connected to. An HTTP front door always can: so what answers must not be the door itself."""
    try:
        socket.create_connection((endpoint.host, endpoint.port), timeout=_left(until)).close()
    except TimeoutError:
        raise _UnansweredError("no answer in time")
    except OSError as broken:
        raise _UnansweredError("connection refused" if isinstance(broken, ConnectionRefusedError) else str(broken))
    try:
        page = _last_page(endpoint, host, "/", until, scheme)
    except _UnansweredError:
        return Answer(True, matched=f"port {endpoint.port} answers")  # it speaks something else than HTTP
    if page.ours:
        return Answer(False, page.status, why="the front door answered in its place")
    return Answer(True, page.status, matched=f"port {endpoint.port} answers")


def _left(until: float) -> float:
    if (left := until - time.monotonic()) <= 0:
        raise _UnansweredError("no answer in time")
    return left
