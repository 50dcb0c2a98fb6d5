"""A real mail server on a free port of this computer, with every bad habit that mail servers have."""

import asyncio
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from threading import Thread
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_django import Settings


class Post:
    """Keeps what it takes. Addresses say how they are answered: refused-…, later-…, blocked-…, dies-…, mute-…, hangs-…"""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.tried: list[str] = []
        self.logins = 0
        self.over = asyncio.Event()

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        """The answers to addresses."""
        self.tried.append(address)
        match mood(address):
            case "refused":
                return "550 nobody here"
            case "later" if self.tried.count(address) < 3:
                return "451 greylisted, come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """The answers to mails."""
        match mood(envelope.rcpt_tos[0]):
            case "blocked":
                return "554 looks like spam"
            case "hangs":
                await self.over.wait()
            case "mute" if not self.taken:
                server.transport.abort()  # it takes the mail, and nobody hears so
        self.taken.append(envelope)
        return "250 OK"

    def knows(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, told: Any) -> AuthResult:
        """Take one password."""
        self.logins += 1
        return AuthResult(success=told.password == b"right", handled=False)

    def mails(self) -> list[EmailMessage]:
        """What was taken, read as a mail program reads it."""
        return [message_from_bytes(one.content, policy=policy.default) for one in self.taken]


class Mortal(SMTP):
    """Dies in the middle of a mail to dies-…"""

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        """Say go on, and be gone."""
        if self.envelope and self.envelope.rcpt_tos and mood(self.envelope.rcpt_tos[0]) == "dies":
            await self.push("354 go on")
            cast("asyncio.Transport", self.transport).abort()
        else:
            await super().smtp_DATA(arg)


class Office(Controller):
    """Runs a post in a thread of its own."""

    def factory(self) -> SMTP:
        """Its protocol."""
        return Mortal(self.handler, **self.SMTP_kwargs)

    def stop(self, no_assert: bool = False) -> None:
        """Let go of whoever hangs, and close."""
        self.loop.call_soon_threadsafe(self.handler.over.set)
        super().stop(no_assert)


@contextmanager
def open_office(settings: Settings, **kinds: Any) -> Iterator[Post]:
    """Open one, and name it in the settings."""
    post = Post()
    if kinds.pop("asks", False):
        kinds |= {"authenticator": post.knows, "auth_require_tls": False}
    running = Office(post, hostname="127.0.0.1", port=free_port(), **kinds)
    running.start()
    use(settings, running.port)
    try:
        yield post
    finally:
        running.stop()


@contextmanager
def dripping(settings: Settings) -> Iterator[None]:
    """A server that says something all the time, and never finishes its first line."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not reader.at_eof():
            writer.write(b"2")
            with suppress(TimeoutError):
                await asyncio.wait_for(reader.read(), 0.05)
        writer.close()

    with _serving(drip) as port:
        use(settings, port)
        yield


@contextmanager
def _serving(talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]) -> Iterator[int]:
    loop, port = asyncio.new_event_loop(), free_port()
    server = loop.run_until_complete(asyncio.start_server(talk, "127.0.0.1", port))
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def mood(address: str) -> str:
    """The first word of an address."""
    return re.split("[-@]", address)[0]


def use(settings: Settings, port: int, **more: Any) -> None:
    """Send mail there from now on."""
    settings.EMBEDDED_MAIL = False
    settings.EMAIL_BACKEND = "portal.mail.line.Line"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    for name, value in more.items():
        setattr(settings, name, value)


def free_port() -> int:
    """One that nobody uses now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def own_certificate(folder: Path) -> ssl.SSLContext:
    """A server's side of TLS, with a certificate that nobody has signed."""
    key, at = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example.org")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    valid = builder.not_valid_before(at - timedelta(days=1)).not_valid_after(at + timedelta(days=1))
    signed = valid.serial_number(x509.random_serial_number()).sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "both.pem").write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return context
