"""A kind of place for the desk's tests: every form of option, hosts that do as they are told, and the memory fabric below."""

from collections.abc import Mapping, Sequence
from typing import Any

from provisioning.driver import Finding, Form, Host, HostState, Option
from provisioning.errors import Blame, TryAgain
from provisioning.fabrics.memory import MemoryDriver, place

ABOUT = "Computers of a cupboard."
OPTIONS = (
    Option("place", "Which cupboard", default="default"),
    Option("shelves", "Shelves", Form.NUMBER, help="Counted from below."),
    Option("colour", "Colour", Form.CHOICE, default="red", choices=(("red", "Red"), ("teal", "Teal"))),
    Option("rooms", "Rooms", Form.LINES),
    Option("key", "Key of the cupboard", Form.SECRET, needed=True),
    Option("spare", "Spare key", Form.SECRET),
    Option(
        "hosts",
        "Hosts",
        Form.TABLE,
        needed=True,
        columns=(
            Option("address", "Address", needed=True),
            Option("port", "Port", Form.NUMBER, default="22"),
            Option("user", "User", default="root"),
            Option("host_key", "Host key"),
            Option("group", "Group"),
            Option("note", "Note"),
        ),
    ),
)
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ"
QUARANTINED: set[str] = {"10.0.0.2"}


class CupboardDriver(MemoryDriver):
    """Machines in memory, hosts from the options."""

    def __init__(self, options: Mapping[str, Any], owner: str) -> None:
        super().__init__(place(str(options.get("place", "default"))), owner)
        self.options = options

    def check(self, *, within: float) -> Sequence[Finding]:
        """The first is always fine, the others never."""
        names = [row["address"] for row in self.options["hosts"]]
        told = "There are %(mib)s MB free, too little."
        return [Finding(name, number == 0, told, {"mib": 12}) for number, name in enumerate(names)]

    def hosts(self, *, within: float) -> Sequence[Host]:
        """The second one stays in quarantine until it is let out."""
        self._answers()
        return [self._host(row) for row in self.options["hosts"]]

    def release(self, name: str, *, within: float) -> None:
        """Clean, unless its name says otherwise."""
        if name not in QUARANTINED:
            raise TryAgain("machine-busy", blame=Blame.FABRIC)
        QUARANTINED.discard(name)

    def _host(self, row: Mapping[str, Any]) -> Host:
        name = row["address"]
        key = next((key for key in self.place.machines if name == "10.0.0.1"), "")
        if name in QUARANTINED:
            return Host(name, HostState.QUARANTINE, row.get("group", ""), told="Files are left on it.")
        return Host(name, HostState.IN_USE if key else HostState.FREE, row.get("group", ""), key, "us")


def open_driver(options: Mapping[str, Any], owner: str) -> CupboardDriver:
    """Whatever is filled in."""
    return CupboardDriver(options, owner)


def problems(options: Mapping[str, Any]) -> Sequence[str]:
    """A purple shelf and an address that begins with 9 are wrong."""
    rows = enumerate(options.get("hosts", []), 1)
    found = [f"hosts, line {number}: That is no address." for number, row in rows if row["address"].startswith("9")]
    return found + (["shelves: Too many shelves."] if int(options.get("shelves") or 0) > 9 else [])


def host_keys(options: Mapping[str, Any], *, within: float) -> Sequence[str]:
    """All have the same, and the last one does not answer."""
    return [KEY] * (len(options["hosts"]) - 1) + [""]
