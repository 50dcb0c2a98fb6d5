"""A school's directory for tests: an OpenID provider of its own program, reached over real HTTP."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from django.test import Client

from tests.plain_http import PLAIN
from tests.waiting import until

NAME = "Linden school"
GO = "/accounts/elsewhere/directory/go"
ANNA = "anna@school.example"


class Directory:
    """One provider, and who is in it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def knows(self, subject: str, **claims: object) -> None:
        """Write somebody into it; whatever it claims of them, it will tell."""
        httpx.put(f"{self.url}/users/{subject}", json=claims, verify=PLAIN).raise_for_status()

    def says_yes(self, asked: str, subject: str) -> str:
        """Be the person who presses Authorize there; return where the provider leads back to."""
        return httpx.post(asked, data={"sub": subject}, verify=PLAIN).headers["Location"]

    def says_no(self, asked: str) -> str:
        """Be the person who presses Deny. This program forgets the state on the way back, which the standard demands."""
        back = httpx.post(asked, data={"action": "deny"}, verify=PLAIN).headers["Location"]
        return f"{back}&state={parse_qs(urlsplit(asked).query)['state'][0]}"

    def as_setting(self) -> dict[str, Any]:
        """How the portal is told of it."""
        app = {
            "provider_id": "directory",
            "name": NAME,
            "client_id": "fairground",
            "secret": "between-us",
            "settings": {"server_url": self.url},
        }
        return {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}, "github": {"APPS": []}}


@contextmanager
def directory() -> Iterator[Directory]:
    """Run it on a free port of this computer; it refuses whoever sends no nonce."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce"]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
        try:
            found = Directory(f"http://localhost:{port}")
            until("the directory answers", lambda: _answers(found.url))
            yield found
        finally:
            program.terminate()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/.well-known/openid-configuration", verify=PLAIN).is_success
    except httpx.TransportError:
        return False


def leave(client: Client, **told: str) -> str:
    """Press the button; return where the page on the way leads."""
    page = client.post(GO, told).content.decode()
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page)
    assert found is not None, page
    return unescape(found[1])


def come(client: Client, school: Directory, subject: str = "anna-7", **told: str) -> "Answer":
    """There and back."""
    back = urlsplit(school.says_yes(leave(client, **told), subject))
    return Answer(client.get(f"{back.path}?{back.query}"))


class Answer:
    """What the portal said in the end."""

    def __init__(self, response: object) -> None:
        self.status: int = response.status_code  # type: ignore[attr-defined]
        self.where: str = response.headers.get("Location", "")  # type: ignore[attr-defined]
        self.page: str = response.content.decode()  # type: ignore[attr-defined]
