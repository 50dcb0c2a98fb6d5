"""What keeps a machine that means harm, or just hangs, from costing us more than we decided: bytes and seconds."""

import errno
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from paramiko import SSHException, Transport

KEPT = 512
"""How many of the first bytes are kept, to see why a connection was refused before it began."""
QUIET = 60
"""Seconds without a byte after which the kernel asks whether the far side is still there, and as often again."""


class BoundedSocket(socket.socket):
    """A socket that receives no more than it was allowed to. The SSH library itself would believe any length."""

    def __init__(self, connected: socket.socket, allowance: int) -> None:
        super().__init__(connected.family, connected.type, connected.proto, fileno=connected.detach())
        self.allowance = allowance
        self.beginning = b""
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 20_000)
        self.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, QUIET)
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, QUIET)

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Receive; raise ConnectionAbortedError when the allowance is used up."""
        if self.allowance <= 0:
            raise ConnectionAbortedError(errno.ECONNABORTED, "more bytes than were allowed")
        chunk = super().recv(min(size, 65536, self.allowance), flags)
        self.allowance -= len(chunk)
        if len(self.beginning) < KEPT:
            self.beginning += chunk[: KEPT - len(self.beginning)]
        return chunk

    def doze(self) -> None:
        """Let whoever reads sleep until something comes; the library's own wakes ten times a second, for each connection.

        What ends a connection sooner is a cut. Whether the far side is still there, the kernel asks, and so does whoever
        uses it.
        """
        self.settimeout(None)

    def cut(self) -> None:
        """End it at once, in both directions, whoever waits on it."""
        with suppress(OSError):
            self.shutdown(socket.SHUT_RDWR)


class Wire(Transport):
    """The library's transport, whose own stumbling over nonsense is told as what it is: a broken connection."""

    def get_exception(self) -> Exception | None:
        """What ended the reading thread; always something that `session.BROKEN` names."""
        error = super().get_exception()
        if error is None or isinstance(error, (SSHException, OSError, EOFError)):
            return error
        return SSHException(f"nonsense received: {error.__class__.__name__}")


@contextmanager
def within(seconds: float, wire: BoundedSocket) -> Iterator[None]:
    """Cut the connection when the time is over. Some waits in the library have no other limit."""
    timer = threading.Timer(max(seconds, 0.01), wire.cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
