"""Machines that mean harm: one that speaks SSH as it should until it is asked something, and one that never does."""

import io
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

import paramiko
from paramiko.common import AUTH_SUCCESSFUL, OPEN_SUCCEEDED

from provisioning.driver import Endpoint
from provisioning.ssh import KeyPair, Login, SshRemote, make_key_pair
from provisioning.ssh.pool import Pool

Talk = Callable[[socket.socket], None]
Behave = Callable[[paramiko.Channel, bytes], None]


class Listener:
    """A port where every caller gets a thread of ours."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.host: KeyPair = make_key_pair()
        self.mine: KeyPair = make_key_pair()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.callers: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in [self.server, *self.callers]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def accept(self) -> None:
        """Take callers until we are closed."""
        with suppress(OSError):
            while True:
                caller = self.server.accept()[0]
                self.callers.append(caller)
                threading.Thread(target=self.serve, args=(caller,), daemon=True).start()

    def serve(self, caller: socket.socket) -> None:
        """Talk until the caller has enough."""
        with suppress(OSError, EOFError, paramiko.SSHException):
            self.talk(caller)

    def remote(self) -> SshRemote:
        """Our end of the wire."""
        login = Login(Endpoint("127.0.0.1", self.server.getsockname()[1]), self.host.public, self.mine.private)
        return SshRemote(login, pool=Pool())


class Hostile(Listener, paramiko.ServerInterface):
    """Logs everybody in, then misbehaves."""

    def __init__(self, behave: Behave, *, answers_exec: bool = True) -> None:
        super().__init__(self.speak)
        self.behave = behave
        self.answers_exec = answers_exec
        self.commands: list[bytes] = []
        self.transports: list[paramiko.Transport] = []

    def speak(self, caller: socket.socket) -> None:
        """Be an SSH server up to the log-in."""
        transport = paramiko.Transport(caller)
        transport.add_server_key(paramiko.Ed25519Key.from_private_key(io.StringIO(self.host.private.reveal)))
        self.transports.append(transport)
        transport.start_server(server=self)
        while transport.is_active():
            channel = transport.accept(5)
            if channel:
                threading.Thread(target=self.misbehave, args=(channel,), daemon=True).start()

    def misbehave(self, channel: paramiko.Channel) -> None:
        """Read the question, then do the worst."""
        question = b""
        with suppress(OSError, EOFError, paramiko.SSHException):
            while b"\n" not in question and (chunk := channel.recv(65536)):
                question += chunk
            self.behave(channel, question)

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        """Come in."""
        return AUTH_SUCCESSFUL

    def check_channel_request(self, kind: str, chanid: int) -> int:
        """Of course."""
        return OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        """Say yes; or never say anything."""
        self.commands.append(command)
        if not self.answers_exec:
            threading.Event().wait(30)
        return True


def say(answer: bytes, code: int = 0) -> Behave:
    """A machine that answers just this."""

    def behave(channel: paramiko.Channel, question: bytes) -> None:
        channel.sendall(answer)
        channel.send_exit_status(code)
        channel.close()

    return behave
