"""What can be wrong with what an admin says about a pool, as sentences for the form."""

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from provisioning.driver import PORTALS, Secret
from provisioning.driver import marked as _
from provisioning.fabrics.pool import cobbler_options
from provisioning.ssh import is_private_key, is_public_key

KNOWN = {"hosts", "groups", "login_key", "git_door_host", *cobbler_options.NAMES, *PORTALS}
NAME = re.compile(r"(?![0-9.]*$)(?!-)[A-Za-z0-9-]{1,63}(\.(?!-)[A-Za-z0-9-]{1,63})*")
USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
GROUP = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]{0,39})?")
HOST_KEYS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")


def problems(options: Mapping[str, Any]) -> Sequence[str]:
    """Sentences about wrong options: "name: sentence"; of a row of the table "hosts 3: sentence"."""
    found = [f"{name}: " + _("There is no such option.") for name in sorted(set(options) - KNOWN)]
    if not is_private_key(Secret(str(options.get("login_key") or ""))):
        found.append("login_key: " + _("Please give a private key as OpenSSH writes it, without a passphrase."))
    if (door := str(options.get("git_door_host") or "")) and not is_address(door):
        found.append("git_door_host: " + _("That is no IP address."))
    rows = options.get("hosts") or []
    if not rows or not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        return [*found, "hosts: " + _("Please name at least one host.")]
    texts = [{name: str(value if value is not None else "").strip() for name, value in row.items()} for row in rows]
    found += [f"hosts {number}: {told}" for number, row in enumerate(texts, 1) for told in wrong_in(row)]
    seen: set[tuple[str, str]] = set()
    for number, row in enumerate(texts, 1):
        where = row.get("address", "").lower(), row.get("port") or "22"
        found += [f"hosts {number}: " + _("This host is in the table already.")] if where in seen else []
        seen.add(where)
    return [*found, *cobbler_options.wrong_with_cobbler(options, texts)]


def wrong_in(row: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with one line of the table."""
    text = {
        **dict.fromkeys(("address", "port", "user", "host_key", "group", "memory_mib", "cpu", "disk_mib"), ""),
        **row,
    }
    if not is_address(text["address"]) and not NAME.fullmatch(text["address"]):
        yield _("Please give the host's address or its name in the network.")
    if text["port"] and not (re.fullmatch(r"[0-9]{1,5}", text["port"]) and 0 < int(text["port"]) < 65536):
        yield _("The SSH port is a number up to 65535.")
    if text["user"] and not USER.fullmatch(text["user"]):
        yield _("That is no name of a user.")
    if not is_host_key(text["host_key"]):
        yield _("The host key is missing, or is none. It looks like “ssh-ed25519 AAAA…”.")
    if not GROUP.fullmatch(text["group"]):
        yield _("A group's name has letters, digits, - and _.")
    if not all(re.fullmatch(r"[0-9]{0,9}", text[name]) for name in ("memory_mib", "disk_mib")):
        yield _("Memory and disk are numbers, in MiB.")
    if not re.fullmatch(r"[0-9]{0,4}(\.[0-9]{1,2})?", text["cpu"]):
        yield _("Cores are a number.")


def is_host_key(text: str) -> bool:
    """Is this a public key as OpenSSH writes it, and the whole of it?"""
    return text.partition(" ")[0] in HOST_KEYS and is_public_key(text)


def is_address(text: str) -> bool:
    """Is this an IP address?"""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
