"""A real sshd on a loopback port, with keys and a configuration of its own; and a wire in between that can be cut."""

import os
import signal
import socket
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

from provisioning.driver import Endpoint
from provisioning.ssh import KeyPair, Login, SshRemote, make_key_pair
from provisioning.ssh.pool import Pool
from tests.needs import program
from tests.waiting import until

CONFIG = """
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
SetEnv FAIRGROUND_ROOT={folder}/root HOME={folder}
{more}
"""


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Sshd:
    """One machine's sshd."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self.folder = folder
        self.port = free_port()
        self.host: KeyPair = make_key_pair()
        self.mine: KeyPair = make_key_pair()
        self.running: subprocess.Popen[bytes] | None = None
        (folder / "root").mkdir()
        self.write("host_key", self.host.private.reveal)
        self.write("authorized_keys", self.mine.public + "\n")
        self.write("config", CONFIG.format(port=self.port, folder=folder, more=more))

    def write(self, name: str, content: str) -> None:
        """Write one of its files."""
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(content)

    def start(self) -> "Sshd":
        """Start it, and wait until it listens."""
        with suppress(PermissionError):
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        command = [program("sshd"), "-D", "-e", "-f", str(self.folder / "config")]
        self.running = subprocess.Popen(command, stderr=(self.folder / "log").open("ab"))
        until("sshd listens", self.listens)
        return self

    def listens(self) -> bool:
        """Does it take connections?"""
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", self.port), 5):
            return True
        return False

    def stop(self) -> None:
        """Stop it and every connection it has."""
        if self.running:
            children = Path(f"/proc/{self.running.pid}/task/{self.running.pid}/children").read_text().split()
            for child in children:
                with suppress(ProcessLookupError):
                    os.kill(int(child), signal.SIGKILL)
            self.running.kill()
            self.running.wait()
            self.running = None

    def logins(self) -> int:
        """How often somebody logged in."""
        return (self.folder / "log").read_text().count("Accepted publickey")

    def remote(self, port: int = 0, *, pool: Pool | None = None) -> SshRemote:
        """Our end of the wire."""
        user = os.environ.get("USER", "root") if os.geteuid() else "root"
        login = Login(Endpoint("127.0.0.1", port or self.port), self.host.public, self.mine.private, user)
        code = f"{self.folder}/root/opt/fairground"
        return SshRemote(login, pool=pool or Pool(), code=code)


class Proxy:
    """A wire that can be cut after so many bytes from the machine, or go dead without a word."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.server.getsockname()[1])
        self.cut_after: int | None = None
        self.dead = threading.Event()
        self.passed = 0
        self.links: list[socket.socket] = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        """Join every caller with the target."""
        with suppress(OSError):
            while True:
                near = self.server.accept()[0]
                far = socket.create_connection(("127.0.0.1", self.target))
                self.links += [near, far]
                threading.Thread(target=self.pass_on, args=(near, far, False), daemon=True).start()
                threading.Thread(target=self.pass_on, args=(far, near, True), daemon=True).start()

    def pass_on(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        """Carry bytes in one direction until the cut."""
        with suppress(OSError):
            while chunk := source.recv(4096):
                self.passed += len(chunk) if counted else 0
                if self.cut_after is not None and self.passed >= self.cut_after:
                    self.cut_after = None
                    self.cut()
                if not self.dead.is_set():
                    target.sendall(chunk)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def cut(self) -> None:
        """Cut all connections of this moment."""
        for link in self.links:
            with suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Go away."""
        self.cut()
        with suppress(OSError):
            self.server.shutdown(socket.SHUT_RDWR)
        for link in [self.server, *self.links]:
            link.close()
