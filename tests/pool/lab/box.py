"""A stand-in for a computer that Cobbler installs: its disk holds a few words, and it starts from what Cobbler tells it."""

import re
import xmlrpc.client
from collections.abc import Mapping, Sequence
from typing import Any

from provisioning.driver import Secret
from provisioning.errors import Blame, GiveUp, NotYet
from provisioning.fabrics.pool.cobbler_options import CobblerOptions
from provisioning.fabrics.pool.host import NOBODY, Down, Host, Look
from provisioning.fabrics.pool.options import Options, row_of
from provisioning.fabrics.pool.reimage import Reimaging
from provisioning.ssh import make_key_pair
from provisioning.ssh.conversation import Done
from tests.pool.lab.cobblerd import SCRIPT, Lab

PORTAL = "p" * 32
PINNED, OTHER = "pinned", "other"
HOST_KEY, LOGIN = make_key_pair().public, make_key_pair().private


class Box:
    """One computer on a plug. `mood` says what goes wrong with it."""

    def __init__(self, lab: Lab, name: str, address: str) -> None:
        self.lab, self.name, self.address = lab, name, address
        self.is_on, self.mood = True, ""
        self.word, self.holds, self.host_key = "", ("", ""), PINNED
        self.installed = 0
        lab.switches.plugs[name] = self

    def switch(self, *, on: bool) -> None:
        """Switched on, it starts; switched on again, it runs on."""
        starts, self.is_on = (
            on and not self.is_on,
            (on and self.mood != "dead") or self.mood == "cannot be switched off",
        )
        if not starts or self.mood in ("hangs", "dead"):
            return
        if self.mood != "starts from its disk" and not self.lab.boots_from_disk(self.address):
            self.install()

    def install(self) -> None:
        """What the installer does: nothing of before is left, the word is written, it calls home."""
        with xmlrpc.client.ServerProxy(self.lab.url, allow_none=True) as line:
            script = str(line.generate_script(None, self.name, SCRIPT))
            self.word = re.findall(r'echo "(.*)" > /etc/fairground-installed', script)[0]
            if f"/cblr/svc/op/nopxe/system/{self.name}" in script:
                line.disable_netboot(self.name)  # what is asked for at that address
        self.holds, self.installed = ("", ""), self.installed + 1
        self.host_key = OTHER if self.mood == "makes a new host key" else PINNED


class BoxHost(Host):
    """The portal's side of it, without the wire."""

    def __init__(self, box: Box, options: Options) -> None:
        super().__init__(options.hosts[0], options)
        self.box = box
        self.remote: Any = self

    def look(self, within: float, name: Mapping[str, str] = NOBODY) -> Look | Down:
        """As it says itself."""
        if not self.box.is_on or self.box.mood == "silent":
            return Down(NotYet("not-started-yet"))
        key, portal = self.box.holds
        return Look("in use" if key else "free", key, portal)

    def run(self, command: str, given: bytes, limit: int, within: float) -> Done:
        """The one thing that is asked of it."""
        assert command == "cat /etc/fairground-installed"
        if not self.box.is_on:
            raise NotYet("not-started-yet")
        if self.box.host_key != PINNED:
            raise GiveUp("host-key-changed", blame=Blame.FABRIC)
        return Done(0 if self.box.word else 1, f"{self.box.word}\n".encode(), "")


def host_of(box: Box) -> BoxHost:
    """As an admin writes it down."""
    row = row_of({"address": box.address, "host_key": HOST_KEY, "system": box.name})
    return BoxHost(box, Options((row,), Secret(LOGIN.reveal)))


def reimaging_of(boxes: Sequence[Box], options: CobblerOptions, portal: str = PORTAL) -> Reimaging:
    """A worker that begins: it remembers nothing."""
    return Reimaging([host_of(box) for box in boxes], options, portal)
