"""One connection to one machine, kept and reused. Pinned host key; no agent, no key search, no ssh_config, no terminal.

Whatever the far side does, a call costs at most its `within` in seconds and its `limit` in bytes. A connection about
which there is any doubt is dropped; the next call opens a new one.
"""

import base64
import io
import logging
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from paramiko import (
    AuthenticationException,
    BadHostKeyException,
    PKey,
    RejectPolicy,
    SSHClient,
    SSHException,
    Transport,
)
from paramiko.ecdsakey import ECDSAKey
from paramiko.ed25519key import Ed25519Key
from paramiko.pkey import UnknownKeyType
from paramiko.rsakey import RSAKey

from provisioning.driver import Endpoint, Secret
from provisioning.errors import Blame, GiveUp, NotYet, Stop, TryAgain
from provisioning.ssh.bounds import BoundedSocket, Wire, within
from provisioning.ssh.conversation import Conversation, Done, TooMuch, begun, receive, send

BROKEN = (OSError, EOFError, SSHException)
"""All that a broken connection can look like."""
OLD = ["ssh-rsa", "ssh-dss", "diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1", "hmac-sha1", "hmac-sha1-96"]
IDLE = 10.0
"""Seconds after which a connection is asked whether it is still there before it is used."""
PING = 3.0
GREETING = 256 * 1024
"""Bytes that logging in may take."""
SPARE = 256 * 1024
"""Bytes that a call may take beside its answer."""
FULL = (b"Exceeded MaxStartups", b"Not allowed at this time")

logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # what matters is told by our own stops


@dataclass(frozen=True)
class Login:
    """Whom we talk to, as whom, and how we know each other."""

    endpoint: Endpoint
    host_public_key: str  # OpenSSH, one line
    login_key: Secret  # OpenSSH PEM
    user: str = "root"


class Session:
    """A connection that is opened when needed. One call at a time."""

    def __init__(self, login: Login) -> None:
        self.login = login
        self.lock = threading.Lock()
        self.client: SSHClient | None = None
        self.wire: BoundedSocket | None = None
        self.talk: Conversation | None = None
        self.used_at = time.monotonic()

    def run(self, command: str, given: bytes, *, limit: int, seconds: float) -> Done:
        """Run a command with this standard input. Its output is at most `limit` bytes.

        Raises NotYet (sshd is not up), TryAgain (lost, no answer, nonsense), GiveUp (not the machine we know).
        Runs the command a second time if a kept connection proves dead: every command of ours may be repeated.
        """
        return self.call(partial(self.exchange, command, given, limit), seconds)

    def ask(self, command: str, question: bytes, *, limit: int, seconds: float) -> Done:
        """Ask a program that answers question after question; it is started where it does not run.

        Code 0 is an answer; any other: the program has ended instead. Raises as `run`, and may ask a second time too.
        """
        return self.call(partial(self.converse, command, question, limit), seconds)

    def call(self, exchange: Callable[[float], Done], seconds: float) -> Done:
        """One call at a time, and each with its own time."""
        deadline = time.monotonic() + seconds
        if not self.lock.acquire(timeout=seconds):
            raise TryAgain("machine-busy", blame=Blame.PORTAL)
        try:
            return self.attempt(exchange, deadline)
        finally:
            self.lock.release()

    def attempt(self, exchange: Callable[[float], Done], deadline: float) -> Done:
        """First over the connection that we have; if that proves dead, over a new one."""
        if self.usable():
            try:
                return exchange(deadline)
            except BROKEN as error:
                stop = self.dropped(error, deadline)
                if stop.code != "connection-lost":
                    raise stop from error
        self.connect(deadline)
        try:
            return exchange(deadline)
        except BROKEN as error:
            raise self.dropped(error, deadline) from error

    def dropped(self, error: Exception, deadline: float) -> TryAgain:
        """Close the connection and say what broke it."""
        flooded = isinstance(error, TooMuch) or (self.wire is not None and self.wire.allowance <= 0)
        self.drop()
        late = time.monotonic() >= deadline
        code = "machine-misbehaves" if flooded else "no-answer" if late else "connection-lost"
        return TryAgain(code, blame=Blame.FABRIC)

    def usable(self) -> bool:
        """Have we a connection that answers?"""
        transport = self.client.get_transport() if self.client else None
        if transport is None or self.wire is None or not transport.is_active():
            self.drop()
            return False
        if time.monotonic() - self.used_at > IDLE:
            with within(PING, self.wire):
                transport.global_request("keepalive@openssh.com", wait=True)
        return transport.is_active()

    def connect(self, deadline: float) -> None:
        """Open a connection and log in."""
        self.drop()
        known = public_key(self.login.host_public_key)
        try:
            self.wire = self.dial(deadline)
            self.client = self.log_in(self.wire, known, deadline)
        except BadHostKeyException as error:
            self.drop()
            raise GiveUp("host-key-changed", blame=Blame.FABRIC) from error
        except AuthenticationException as error:
            self.drop()
            raise TryAgain("login-refused", blame=Blame.FABRIC) from error
        except BROKEN as error:
            stop = self.why_not_in()
            self.drop()
            raise stop from error

    def dial(self, deadline: float) -> BoundedSocket:
        """Reach the port."""
        endpoint = self.login.endpoint
        left = max(0.1, deadline - time.monotonic())
        return BoundedSocket(socket.create_connection((endpoint.host, endpoint.port), left), GREETING)

    def log_in(self, wire: BoundedSocket, known: PKey, deadline: float) -> SSHClient:
        """Make sure that it is the machine we know, and show our key."""
        client = SSHClient()
        client.set_missing_host_key_policy(RejectPolicy())
        endpoint, left = self.login.endpoint, max(0.1, deadline - time.monotonic())
        name = endpoint.host if endpoint.port == 22 else f"[{endpoint.host}]:{endpoint.port}"
        client.get_host_keys().add(name, known.get_name(), known)
        with within(left, wire):
            client.connect(
                endpoint.host,
                endpoint.port,
                self.login.user,
                pkey=private_key(self.login.login_key),
                sock=wire,
                timeout=left,
                banner_timeout=left,
                auth_timeout=left,
                channel_timeout=left,
                allow_agent=False,
                look_for_keys=False,
                disabled_algorithms={"keys": OLD, "pubkeys": OLD, "kex": OLD, "macs": OLD},
                transport_factory=Wire,  # type: ignore[arg-type]  # the stubs still speak of GSS
            )
        wire.doze()
        return client

    def why_not_in(self) -> Stop:
        """Nearly always: sshd is not up yet, or something in front of it took the connection and dropped it."""
        if self.wire and self.wire.allowance <= 0:
            return TryAgain("machine-misbehaves", blame=Blame.FABRIC)
        if self.wire and any(words in self.wire.beginning for words in FULL):
            return NotYet("ssh-busy", after=timedelta(seconds=random.uniform(1, 4)))  # noqa: S311 - spread, not secrecy
        return NotYet("not-started-yet")

    def exchange(self, command: str, given: bytes, limit: int, deadline: float) -> Done:
        """Run the command over the open connection."""
        with self.bounded(len(given), limit, deadline) as transport:
            channel = begun(transport, command, deadline)
            send(channel, given)
            channel.shutdown_write()
            done = receive(channel, limit, deadline)
            channel.close()
        return done

    def converse(self, command: str, question: bytes, limit: int, deadline: float) -> Done:
        """Ask over the open connection. A program that has had enough of us is started anew."""
        with self.bounded(len(question), limit, deadline) as transport:
            if self.talk is not None and self.talk.command == command:
                with suppress(EOFError):
                    done = self.talk.ask(question, limit, deadline)
                    if done.code == 0:
                        return done
            self.talk = Conversation(command, begun(transport, command, deadline))
            return self.talk.ask(question, limit, deadline)

    @contextmanager
    def bounded(self, given: int, limit: int, deadline: float) -> Iterator[Transport]:
        """The open connection, which is cut if it brings more than it may, or takes longer."""
        transport = self.client.get_transport() if self.client else None
        if transport is None or self.wire is None:
            raise EOFError
        self.wire.allowance = limit + limit // 16 + given // 64 + SPARE
        with within(deadline - time.monotonic(), self.wire):
            yield transport
        self.wire.allowance = SPARE
        self.used_at = time.monotonic()

    def drop(self) -> None:
        """Close what there is."""
        if self.wire:
            self.wire.cut()
        if self.client:
            self.client.close()
        if self.wire:
            self.wire.close()
        self.client = self.wire = self.talk = None


def private_key(secret: Secret) -> PKey:
    """Read a private key of any kind that we allow."""
    for kind in (Ed25519Key, ECDSAKey, RSAKey):
        try:
            return kind.from_private_key(io.StringIO(secret.reveal))
        except (SSHException, ValueError):
            continue
    raise GiveUp("bad-login-key", blame=Blame.PORTAL)


def public_key(line: str) -> PKey:
    """Read a host key as OpenSSH writes it. A part of one is none, although the library takes some for keys."""
    kind, _blank, rest = line.partition(" ")
    try:
        raw = base64.b64decode((rest.split() or [""])[0], validate=True)
        key = PKey.from_type_string(kind, raw)
    except (SSHException, UnknownKeyType, ValueError) as error:
        raise GiveUp("bad-host-key", blame=Blame.FABRIC) from error
    if key.asbytes() != raw:
        raise GiveUp("bad-host-key", blame=Blame.FABRIC)
    return key


def is_public_key(line: str) -> bool:
    """Is this a key, and the whole of it, that a host could show?"""
    try:
        public_key(line)
    except GiveUp:
        return False
    return True


def is_private_key(secret: Secret) -> bool:
    """Is this a key that we could log in with?"""
    try:
        private_key(secret)
    except GiveUp:
        return False
    return True


def shown_host_key(host: str, port: int, seconds: float) -> str:
    """The key that a host shows now, as OpenSSH writes it; empty if nobody answers. Nobody logs in, nothing is believed."""
    until = time.monotonic() + seconds
    try:
        with (
            socket.create_connection((host, port), seconds) as line,
            closing(Wire(BoundedSocket(line, GREETING))) as wire,
        ):
            wire.start_client(timeout=max(0.1, until - time.monotonic()))
            key = wire.get_remote_server_key()
    except BROKEN:
        return ""
    return f"{key.get_name()} {key.get_base64()}"
