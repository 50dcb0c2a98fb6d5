"""What an admin writes down about Cobbler, and a line that bears whatever answers there."""

import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address as ip
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from provisioning.driver import Secret
from provisioning.errors import TryAgain
from provisioning.fabrics.pool import OPTIONS, cobbler, problems
from provisioning.fabrics.pool.cobbler import Cobbler
from provisioning.fabrics.pool.cobbler_options import CobblerOptions
from provisioning.fabrics.pool.options import read
from tests.pool.test_options import given

pytestmark = pytest.mark.thorough

RIGHT = {
    "cobbler": "https://cobbler.example.org/cobbler_api",
    "cobbler_user": "fairground",
    "cobbler_password": "hunter-two",
    "cobbler_profile": "debian-12",
}
EMPTY = b"<methodResponse><params><param><value><array><data/></array></value></param></params></methodResponse>"
BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]>' + EMPTY


def test_hosts_that_have_a_name_in_cobbler_are_read_with_it() -> None:
    options = read(given({"system": "pc-1"}, {"address": "10.0.0.10"}, **RIGHT))

    assert [host.system for host in options.hosts] == ["pc-1", ""]
    assert options.cobbler
    assert options.cobbler.patience == timedelta(hours=1)
    assert "hunter" not in repr(options)
    assert next(option for option in OPTIONS if option.name == "cobbler_password").form == "secret"


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("cobbler", "http://cobbler.example.org/cobbler_api"),
        ("cobbler", "https://user:password@cobbler.example.org/"),
        ("cobbler", "cobbler"),
        ("cobbler_user", ""),
        ("cobbler_password", ""),
        ("cobbler_profile", "*"),
        ("cobbler_minutes", "0"),
        ("cobbler_minutes", "soon"),
        ("cobbler_authority", ["nonsense"]),
    ],
)
def test_what_is_wrong_is_told_by_its_name(name: str, wrong: object) -> None:
    [told] = problems(given({"system": "pc-1"}, **{**RIGHT, name: wrong}))

    assert told.startswith(f"{name}: ")
    assert "hunter" not in told


@pytest.mark.parametrize("name", ["pc *", "pc-1"])
def test_a_name_in_cobbler_is_no_pattern_and_stands_there_once(name: str) -> None:
    [told] = problems(given({"system": "pc-1"}, {"address": "b", "system": name}, **RIGHT))

    assert told.startswith("hosts 2: ")
    assert problems(given({"system": "pc-1"})) == [
        "hosts 1: It has a name in Cobbler, and this place has no Cobbler.",
    ]


@contextmanager
def answering(say: Callable[[Any], None], context: ssl.SSLContext | None = None) -> Iterator[str]:
    """Something that listens where Cobbler is meant to be."""

    class Door(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline().strip():
                pass
            say(self.wfile)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """Whoever asked is gone."""

    with Server(("127.0.0.1", 0), Door) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        yield f"{'https' if context else 'http'}://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def whole(body: bytes) -> Callable[[Any], None]:
    """An answer as it should be around this."""
    return lambda line: line.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n" + body)


def ask(url: str, seconds: float = 5, authority: str = "") -> object:
    """One question."""
    options = CobblerOptions(url, "user", Secret("hunter-two"), "debian", authority=authority)
    return Cobbler(options).ask("get_systems", (), time.monotonic() + seconds)


def drip(line: Any) -> None:
    """An answer that goes on, a little at a time."""
    whole(b"")(line)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        line.write(b" ")
        threading.Event().wait(0.05)


@pytest.mark.parametrize(
    ("say", "told"),
    [
        (whole(BOMB), "declarations"),
        (whole(b"<html>"), "an answer that is none"),
        (whole(b" " * 5000), "no end"),
        (lambda line: line.write(b"HTTP/1.0 302 Found\r\nLocation: http://127.0.0.1:9/\r\n\r\n"), "status 302"),
        (lambda line: line.write(b"SSH-2.0-OpenSSH\r\n"), "no connection"),
        (drip, "no answer in time"),
    ],
)
def test_whatever_answers_costs_at_most_its_time_and_its_bytes(
    monkeypatch: pytest.MonkeyPatch, say: Callable[[Any], None], told: str
) -> None:
    monkeypatch.setattr(cobbler, "MOST", 4096)
    began = time.monotonic()
    with answering(say) as url, pytest.raises(TryAgain, match=told):
        ask(url, seconds=1)

    assert time.monotonic() - began < 30


def certificate(folder: Path) -> tuple[ssl.SSLContext, str]:
    """One that nobody but its owner vouches for, and itself in PEM."""
    key, name = generate_private_key(SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    begin = datetime.now(UTC) - timedelta(days=1)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begin, begin + timedelta(9))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip("127.0.0.1"))]), critical=False)
        .sign(key, SHA256())
    )
    text = made.public_bytes(Encoding.PEM).decode()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    (folder / "both.pem").write_text(text + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return context, text


def test_nothing_is_said_to_a_cobbler_whose_certificate_nobody_vouches_for(tmp_path: Path) -> None:
    context, text = certificate(tmp_path)
    with answering(whole(EMPTY), context) as url:
        with pytest.raises(TryAgain, match="certificate"):
            ask(url)

        assert ask(url, authority=text) == []
        assert problems(given({}, **{**RIGHT, "cobbler_authority": text.splitlines()})) == []
