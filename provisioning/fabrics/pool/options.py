"""What an admin says about a pool: its hosts, and which groups of them this place uses."""

import base64
import binascii
import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from provisioning.driver import Endpoint, Secret, Size
from provisioning.ssh import Login, is_private_key

PORTALS = ("subnets", "first_port", "slots", "price_per_day")
"""Options of any place, which the portal reads itself."""
KNOWN = ("hosts", "groups", "login_key", "git_door_host")
COLUMNS = ("address", "port", "user", "host_key", "group", "memory_mib", "cpu", "disk_mib", "note", "protected")
NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(\.(?!-)[A-Za-z0-9-]{1,63})*")
USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
HOST_KEYS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")
YES = ("true", "yes", "on", "1", "x")


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

    def login(self, row: HostRow) -> Login:
        """How the portal itself comes in."""
        return Login(Endpoint(row.address, row.port), row.host_key, self.login_key, row.user)


def problems(options: Mapping[str, Any]) -> Sequence[str]:
    """Sentences about wrong options, for the admin's form."""
    found = [
        f"There is no option {name!r}; there are {', '.join(KNOWN)}." for name in set(options) - {*KNOWN, *PORTALS}
    ]
    rows = options.get("hosts") or []
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        return [*found, "hosts: a list of hosts."]
    found += [f"hosts, line {number}: {told}" for number, row in enumerate(rows, 1) for told in wrong_in(row)]
    if not rows:
        found.append("hosts: name at least one host.")
    groups = groups_of(options)
    found += [
        f"groups: {group!r} is not a name; letters, digits, - and _." for group in groups if not GROUP.fullmatch(group)
    ]
    if not found:
        read_rows = [row_of(row) for row in rows]
        names = [row.name for row in read_rows]
        found += [f"hosts: {name} comes twice." for name in sorted({name for name in names if names.count(name) > 1})]
        if groups and not any(row.group in groups for row in read_rows):
            found.append(f"groups: no host is in {' or '.join(groups)}.")
    if not is_private_key(Secret(str(options.get("login_key", "")))):
        found.append(
            "login_key: the private key with which the portal logs in, as OpenSSH writes it, without a passphrase."
        )
    if (door := str(options.get("git_door_host") or "")) and not is_address(door):
        found.append(f"git_door_host: an IP address, not {door!r}.")
    return found


def read(options: Mapping[str, Any]) -> Options:
    """Options as a whole. Raises ValueError naming what is wrong."""
    if wrong := problems(options):
        raise ValueError(" ".join(wrong))
    rows, groups = [row_of(row) for row in options["hosts"]], groups_of(options)
    mine = tuple(row for row in rows if not groups or row.group in groups)
    return Options(mine, Secret(str(options["login_key"])), str(options.get("git_door_host") or ""))


def groups_of(options: Mapping[str, Any]) -> Sequence[str]:
    """The groups that this place uses; none = all hosts."""
    told = options.get("groups") or ""
    return (
        [str(one) for one in told] if isinstance(told, list) else re.split(r"[\s,]+", str(told).strip()) if told else []
    )


def wrong_in(row: Mapping[str, Any]) -> Sequence[str]:
    """What is wrong with one line of the table."""
    text = {name: str(row.get(name) or "").strip() for name in COLUMNS}
    found = [f"there is no column {name!r}." for name in row if name not in COLUMNS]
    if not is_address(text["address"]) and not NAME.fullmatch(text["address"]):
        found.append(f"{text['address']!r} is neither an address nor a name.")
    if text["port"] and not (text["port"].isdecimal() and 0 < int(text["port"]) < 65536):
        found.append(f"{text['port']!r} is not a port.")
    if text["user"] and not USER.fullmatch(text["user"]):
        found.append(f"{text['user']!r} is not a user's name.")
    if not is_host_key(text["host_key"]):
        found.append(
            "the host key is missing or is none; `ssh-keyscan` on the host itself prints it: “ssh-ed25519 AAAA…”."
        )
    if text["group"] and not GROUP.fullmatch(text["group"]):
        found.append(f"{text['group']!r} is not a group's name.")
    found += [f"{name}: a number." for name in ("memory_mib", "disk_mib") if not re.fullmatch(r"\d{0,9}", text[name])]
    if not re.fullmatch(r"\d{0,4}(\.\d{1,2})?", text["cpu"]):
        found.append("cpu: a number of cores.")
    return found


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
    )


def is_host_key(text: str) -> bool:
    """Is this a public key as OpenSSH writes it?"""
    kind, _, rest = text.partition(" ")
    try:
        raw = base64.b64decode((rest.split() or [""])[0], validate=True)
    except (binascii.Error, ValueError):
        return False
    return kind in HOST_KEYS and raw[4 : 4 + len(kind)] == kind.encode()


def is_address(text: str) -> bool:
    """Is this an IP address?"""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
