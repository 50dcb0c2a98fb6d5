"""What an admin says about a pool: its hosts, and which groups of them this place uses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from provisioning.driver import Endpoint, Form, Option, Secret, Size
from provisioning.driver import marked as _
from provisioning.fabrics.pool import cobbler_options
from provisioning.fabrics.pool.cobbler_options import CobblerOptions
from provisioning.fabrics.pool.wrong import problems
from provisioning.ssh import Login

ABOUT = _("Computers that you have anyway, reached by SSH: one service on each, which is wiped after it.")
OPTIONS = (
    Option(
        "login_key", _("Key with which the portal logs in"), Form.SECRET, needed=True,
        help=_("A private key as OpenSSH writes it, without a passphrase. Its public half is on every host."),
    ),
    Option(
        "groups", _("Groups of hosts that are used here"), Form.LINES,
        help=_("One in a line; none: all hosts. Another place may use other groups of the same hosts."),
    ),
    Option(
        "git_door_host", _("Address under which hosts reach the portal"),
        help=_("An address of this computer in the network of the hosts. Empty: they cannot reach it."),
    ),
    Option(
        "hosts", _("Hosts"), Form.TABLE, needed=True,
        help=_("Computers with Debian or Ubuntu that are there for this alone: each is wiped after every service."),
        columns=(
            Option("address", _("Address"), needed=True),
            Option("port", _("SSH port"), Form.NUMBER, default="22"),
            Option("user", _("User"), default="root", help=_("Anybody but root needs sudo without a password.")),
            Option("host_key", _("Host key"), needed=True, help=_("“ssh-ed25519 AAAA…”, as the host itself shows it.")),
            Option("group", _("Group")),
            Option("memory_mib", _("Memory (MiB)"), Form.NUMBER, help=_("Empty: not counted.")),
            Option("cpu", _("Cores"), help=_("Empty: not counted.")),
            Option("disk_mib", _("Disk (MiB)"), Form.NUMBER, help=_("Empty: not counted.")),
            Option("note", _("Note")),
            Option(
                "protected", _("Protected"), Form.CHOICE, choices=(("", _("no")), ("yes", _("yes, never touch it"))),
            ),
            cobbler_options.SYSTEM,
        ),
    ),
    *cobbler_options.OPTIONS,
)  # fmt: skip
COLUMNS = tuple(column.name for option in OPTIONS for column in option.columns)
YES = ("true", "yes", "on", "1")


@dataclass(frozen=True)
class HostRow:
    """One host as the admin wrote it down. 0 = not counted."""

    address: str
    port: int
    user: str
    host_key: str
    group: str
    memory_mib: int
    cpu: float
    disk_mib: int
    note: str
    protected: bool
    system: str = ""  # its name in Cobbler; "" = it is wiped, not installed anew

    @property
    def name(self) -> str:
        """What it is called, exactly; two hosts may share an address."""
        address = f"[{self.address}]" if ":" in self.address else self.address
        return self.address if self.port == 22 else f"{address}:{self.port}"

    def fits(self, size: Size) -> bool:
        """Whether a machine of this size has room on it."""
        pairs = ((self.memory_mib, size.memory_mib), (self.cpu, size.cpu), (self.disk_mib, size.disk_mib))
        return all(not has or has >= needs for has, needs in pairs)


@dataclass(frozen=True)
class Options:
    """One configured pool: the hosts of its groups."""

    hosts: tuple[HostRow, ...]
    login_key: Secret
    git_door_host: str = ""  # the address under which hosts reach the portal's git door; "" = they cannot
    cobbler: CobblerOptions | None = None

    def login(self, row: HostRow) -> Login:
        """How the portal itself comes in."""
        return Login(Endpoint(row.address, row.port), row.host_key, self.login_key, row.user)


def read(options: Mapping[str, Any]) -> Options:
    """Options as a whole. Raises ValueError naming what is wrong."""
    if wrong := problems(options):
        raise ValueError(" ".join(wrong))
    rows, groups = [row_of(row) for row in options["hosts"]], groups_of(options)
    mine = tuple(row for row in rows if not groups or row.group in groups)
    return Options(
        mine, Secret(str(options["login_key"])), str(options.get("git_door_host") or ""), cobbler_options.read(options)
    )


def groups_of(options: Mapping[str, Any]) -> Sequence[str]:
    """The groups that this place uses; none = all hosts."""
    told = options.get("groups") or []
    return told.replace(",", " ").split() if isinstance(told, str) else [str(one).strip() for one in told]


def row_of(row: Mapping[str, Any]) -> HostRow:
    """One line of the table, read."""
    text = {name: str(row.get(name) or "").strip() for name in COLUMNS}
    return HostRow(
        address=text["address"],
        port=int(text["port"] or 22),
        user=text["user"] or "root",
        host_key=" ".join(text["host_key"].split()[:2]),
        group=text["group"],
        memory_mib=int(text["memory_mib"] or 0),
        cpu=float(text["cpu"] or 0),
        disk_mib=int(text["disk_mib"] or 0),
        note=text["note"],
        protected=text["protected"].lower() in YES,
        system=text["system"],
    )
