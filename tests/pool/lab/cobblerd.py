"""A real Cobbler, from its Python package: the daemon on a loopback port, in a view of the files that is its own."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import xmlrpc.client
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from provisioning.driver import Secret
from provisioning.fabrics.pool.cobbler_options import CobblerOptions
from tests.engine import free_port
from tests.pool.lab.switches import Switches, open_switches
from tests.waiting import until

HERE = Path(__file__).parent
LOCK = HERE / "cobbler.lock"
PROFILE = "fairground"
SCRIPT = "preseed_late_default"
"""Cobbler's own: what Debian's installer runs on the new system at its end."""
LINE = "echo \"$getVar('fairground_word', '')\" > /etc/fairground-installed\n"
"""What docs/places.md adds to it."""
LAST = "$SNIPPET('autoinstall_done')"
GRACE = 5


class Lab:
    """The Cobbler, its administrator's line to it, and the switches it knows."""

    def __init__(self, programs: Path, folder: Path, switches: Switches) -> None:
        self.programs, self.switches = programs, switches
        self.port = free_port()
        packages = next((programs.parent / "lib").glob("python3*/site-packages"))
        words = [str(folder), str(packages), str(self.port), str(HERE / "fence_lab")]
        self.place = subprocess.Popen(
            ["unshare", "--mount", "sh", str(HERE / "open.sh"), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.place.stdout
        assert self.place.stdout.readline() == b"open\n"
        self.url = f"http://127.0.0.1:{self.port}/RPC2"
        self.admin: Any = xmlrpc.client.ServerProxy(self.url)
        self.start()
        self.set_up()

    @property
    def root(self) -> Path:
        """Its view of the files."""
        return Path(f"/proc/{self.place.pid}/root")

    def start(self) -> None:
        """As on any computer that starts: what it knows is what it had saved."""
        view = ["nsenter", f"--mount=/proc/{self.place.pid}/ns/mnt"]
        command = [
            "setpriv",
            "--pdeathsig",
            "KILL",
            *view,
            str(self.programs / "python"),
            str(self.programs / "cobblerd"),
        ]
        with (self.root / "var/log/cobbler/out").open("ab") as out:
            self.daemon = subprocess.Popen([*command, "-F"], stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        until("Cobbler answers", self.answers)
        self.token = self.admin.login("cobbler", "cobbler")

    def answers(self) -> bool:
        """Does it?"""
        try:
            return bool(self.admin.version())
        except OSError:
            return False

    def stop(self) -> None:
        """As a power failure ends it."""
        self.daemon.kill()
        self.daemon.wait()

    def set_up(self) -> None:
        """Something to install, and how."""
        for name in ("vmlinuz", "initrd.img"):
            (self.root / "srv" / name).write_bytes(b"\0" * 2000)
        script = self.root / "var/lib/cobbler/scripts" / SCRIPT
        script.write_text(script.read_text().replace(LAST, LINE + LAST))
        distro = {"kernel": "/srv/vmlinuz", "initrd": "/srv/initrd.img", "arch": "x86_64", "breed": "debian"}
        self.add("distro", "debian", **distro, os_version="bullseye")
        self.add("profile", PROFILE, distro="debian", autoinstall_meta={"tree": "here"})
        self.add("profile", "other", distro="debian")

    def add(self, kind: str, name: str, **fields: Any) -> None:
        """As an administrator does."""
        self.admin.xapi_object_edit(kind, name, "add", {"name": name, **fields}, self.token)

    def add_system(self, name: str, address: str) -> None:
        """A computer; its plug has its name."""
        number = int(address.rpartition(".")[2])
        power = {"power_type": "lab", "power_address": self.switches.address, "power_id": name}
        login = {"power_user": "switch", "power_pass": "switchpassword"}
        card = {"interface": "eth0", "mac_address": mac(number), "ip_address": address}
        self.add("system", name, profile="other", netboot_enabled=False, **power, **login, **card)

    def remove_system(self, name: str) -> None:
        """Nobody knows it any more."""
        self.admin.remove_system(name, self.token)

    def options(self, **changed: Any) -> CobblerOptions:
        """As a place has them."""
        given = {"url": self.url, "user": "cobbler", "password": Secret("cobbler"), "profile": PROFILE}
        return CobblerOptions(**{**given, **changed})

    def boots_from_disk(self, address: str) -> bool:
        """What the file says that a computer would be given when it starts from the network."""
        name = mac(int(address.rpartition(".")[2])).replace(":", "-")
        return "localboot" in (self.root / f"srv/tftpboot/pxelinux.cfg/01-{name}").read_text()

    def log(self) -> str:
        """All that it wrote down."""
        return (self.root / "var/log/cobbler/cobbler.log").read_text()

    def end(self) -> None:
        """Nothing of it is left."""
        self.stop()
        assert self.place.stdin
        self.place.stdin.close()
        self.place.wait(GRACE)


def mac(number: int) -> str:
    """A network card."""
    return f"02:00:00:00:00:{number:02x}"


def environment() -> Path:
    """The folder of its programs: made once for each lock file, apart from our own packages, for all checkouts."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fairground"
    folder = cache / f"cobbler-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "cobbler.making").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
            pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
            done = subprocess.run([*pip, "-r", str(LOCK)], capture_output=True, text=True, check=False)
            if done.returncode and "CI" not in os.environ:
                pytest.skip(f"Cobbler's packages cannot be had here: {done.stderr[-300:]}")
            assert done.returncode == 0, done.stderr
            (folder / "made").touch()
    return folder / "bin"


@contextmanager
def open_lab() -> Iterator[Lab]:
    """One that runs."""
    with open_switches() as switches, tempfile.TemporaryDirectory() as folder:
        lab = Lab(environment(), Path(folder), switches)
        try:
            yield lab
        finally:
            lab.end()
