"""What goes over one channel: a command and its output, or questions and their answers, one after another."""

import json
import time
from dataclasses import dataclass

from paramiko import Channel, Transport

from provisioning.ssh.answers import NOISE


@dataclass(frozen=True)
class Done:
    """A command that has ended; or, from a conversation, an answer (code 0)."""

    code: int
    out: bytes
    err: str  # the first words of standard error


class TooMuch(OSError):  # noqa: N818 - told as a Stop
    """The far side sent more than its answer may be."""


class Conversation:
    """A program on the far side that answers question after question, each a JSON line."""

    def __init__(self, command: str, channel: Channel) -> None:
        self.command = command
        self.channel = channel

    def ask(self, question: bytes, limit: int, deadline: float) -> Done:
        """Ask, and take one answer. If the program has ended, how it ended. Raises EOFError if nobody can say."""
        self.channel.settimeout(max(0.01, deadline - time.monotonic()))
        send(self.channel, question)
        out = bytearray()
        while not is_whole(out):
            chunk = take(self.channel, len(out), limit, deadline)
            if not chunk:
                return ended(self.channel, bytes(out), deadline)
            out += chunk
        return Done(0, bytes(out), "")


def is_whole(out: bytearray) -> bool:
    """Is there a line, and all that it says is behind it? Nonsense is whole too: it is refused by whoever reads it."""
    begin = 0
    for _ in range(NOISE):
        end = out.find(b"\n", begin)
        if end < 0:
            return False
        if out.startswith(b"{", begin):
            return len(out) - end - 1 >= behind(bytes(out[begin:end]))
        begin = end + 1
    return True


def behind(line: bytes) -> int:
    """How many bytes a line announces."""
    try:
        told = json.loads(line).get("behind", 0)
    except (ValueError, RecursionError):
        return 0
    return told if isinstance(told, int) else 0


def begun(transport: Transport, command: str, deadline: float) -> Channel:
    """A channel on which this command runs."""
    left = max(0.01, deadline - time.monotonic())
    channel = transport.open_session(timeout=left)
    channel.exec_command(command)
    channel.settimeout(left)
    return channel


def send(channel: Channel, given: bytes) -> None:
    """Send all; a far side that has ended before it read everything has still something to say."""
    try:
        channel.sendall(given)
    except TimeoutError:
        raise
    except OSError:
        return


def receive(channel: Channel, limit: int, deadline: float) -> Done:
    """Take the whole output and the exit status. Raises EOFError if the connection ended before the command."""
    out = bytearray()
    while chunk := take(channel, len(out), limit, deadline):
        out += chunk
    return ended(channel, bytes(out), deadline)


def take(channel: Channel, taken: int, limit: int, deadline: float) -> bytes:
    """The next piece of output; empty at its end. Raises TooMuch, TimeoutError."""
    chunk = channel.recv(65536)
    if taken + len(chunk) > limit:
        raise TooMuch
    if chunk and time.monotonic() >= deadline:
        raise TimeoutError
    return chunk


def ended(channel: Channel, out: bytes, deadline: float) -> Done:
    """How the program ended. Raises EOFError if nobody said."""
    channel.status_event.wait(max(0.0, deadline - time.monotonic()))
    if channel.exit_status < 0:
        raise EOFError
    err = channel.recv_stderr(4096) if channel.recv_stderr_ready() else b""
    return Done(channel.exit_status, out, err.decode(errors="replace"))
