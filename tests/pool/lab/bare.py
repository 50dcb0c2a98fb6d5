"""A container as a bare computer on a plug: its disk is its files, and an installation is another container in its place.

A stand-in for hardware and for Debian's installer; what it starts from, its word and its call home are Cobbler's own.
"""

import re
import threading
import xmlrpc.client
from typing import Any

from tests.engine import wait_for
from tests.pool.hosts import Room
from tests.pool.lab.cobblerd import PROFILE, SCRIPT, Lab


class Bare:
    """One computer in a room, at the address with this number."""

    def __init__(self, lab: Lab, room: Room, number: int) -> None:
        self.lab, self.room, self.number = lab, room, number
        self.computer, self.is_on = room.add(number), True
        self.name = f"{room.mark}-{number}"
        self.keeps_its_host_key = True
        self.starting = threading.Thread()
        lab.add_system(self.name, self.computer.address)
        lab.switches.plugs[self.name] = self

    def switch(self, *, on: bool) -> None:
        """Take its power away, or let it start."""
        was_on, self.is_on = self.is_on, on
        if was_on and not on:
            self.computer.container.kill()
        if on and not was_on:
            self.starting = threading.Thread(target=self.start)
            self.starting.start()

    def start(self) -> None:
        """From its disk, or what Cobbler says instead."""
        if self.lab.boots_from_disk(self.computer.address):
            self.computer.container.start()
        else:
            self.install()

    def install(self) -> None:
        """Nothing stays but, if it is kept, the host key."""
        old = self.computer
        self.room.computers.remove(old)
        old.container.remove(force=True, v=True)
        self.computer = self.room.add(self.number, host=old.host if self.keeps_its_host_key else None)
        wait_for(self.computer.answers)
        with xmlrpc.client.ServerProxy(self.lab.url, allow_none=True) as line:
            script = str(line.generate_script(None, self.name, SCRIPT))
            [told] = re.findall(r"^echo .* > /etc/fairground-installed$", script, re.MULTILINE)
            self.computer.sh(told)
            line.disable_netboot(self.name)

    def row(self) -> dict[str, Any]:
        """As an admin writes it down."""
        return self.computer.row(system=self.name)

    def place(self) -> dict[str, Any]:
        """What else the admin says."""
        login = {"cobbler_user": "cobbler", "cobbler_password": "cobbler"}
        return {"hosts": [self.row()], "cobbler": self.lab.url, "cobbler_profile": PROFILE, **login}

    def end(self) -> None:
        """It is nobody's any more."""
        if self.starting.ident:
            self.starting.join()
        self.lab.remove_system(self.name)
