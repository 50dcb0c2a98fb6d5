"""What an admin learns about a host before anything is put on it. Nothing is written there."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from provisioning.driver import Finding
from provisioning.driver import marked as _
from provisioning.errors import Stop
from provisioning.fabrics.pool.host import Host
from provisioning.fabrics.pool.looks import MOST
from provisioning.ssh import shown_host_key

PROGRAM = Path(__file__).resolve().parents[3] / "machine" / "onboard" / "host_check.py"
LEAST_DISK, LEAST_MEMORY = 1024, 256  # MiB
KNOCK = 4.0
"""Seconds that a host is waited for whose key is asked for: a few silent ones leave time for all others."""
SYSTEMS = ("debian", "ubuntu")
WHY = {
    "host-key-changed": _("It shows another host key than the one you wrote down. Find out why before you change it."),
    "login-refused": _(
        "It does not let us in: put the public half of this place's key into the user's authorized_keys."
    ),
    "sudo-refused": _("The user may not become root: allow sudo without a password, or log in as root."),
    "machine-without-python": _("It has no Python. Install python3 (3.9 or newer)."),
    "cannot-go-on-board": _("Its Python is too old, or broken. Install 3.9 or newer."),
    "not-started-yet": _("Nobody answers at this address and port. Is it switched on, and sshd running?"),
    "no-answer": _("It takes connections and does not answer."),
}
UNKNOWN = _("It cannot be asked (%(why)s).")


def findings(host: Host, within: float) -> Sequence[Finding]:
    """All that is wrong with one host; one good word if nothing is."""
    if host.row.protected:
        return [Finding(host.name, True, _("It is protected, so it is not looked at."))]
    try:
        said = host.remote.once(PROGRAM.read_bytes(), within=within)
    except Stop as stop:
        return [Finding(host.name, False, WHY.get(stop.code, UNKNOWN), {"why": stop.code})]
    wrong = [Finding(host.name, False, told, params) for told, params in wrong_with(host, said)]
    fine = _("It lets us in: %(system)s, %(memory)s MiB of memory, %(disk)s MiB of disk free.")
    params = {
        "system": text(said, "system"),
        "memory": number(said, "memory_mib"),
        "disk": number(said, "disk_free_mib"),
    }
    return wrong or [Finding(host.name, True, fine, params)]


def wrong_with(host: Host, said: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What it says about itself, compared with what we need."""
    version = [int(part) for part in re.findall(r"\d+", text(said, "python"))[:2]]
    if version < [3, 9]:
        yield _("Its Python is too old (%(has)s). Install 3.9 or newer."), {"has": text(said, "python")}
    if text(said, "system").partition(":")[0] not in SYSTEMS or said.get("packages") is not True:
        yield (
            _("It is neither Debian nor Ubuntu (%(has)s): what is installed could not be taken off again."),
            {"has": text(said, "system")},
        )
    if said.get("git") is not True:
        yield _("It has no git. Install it."), {}
    if said.get("nft") is not True:
        yield _("It has no nftables. Install it, or a suspended service on it could not be taken off the network."), {}
    if said.get("cron") is not True:
        yield _("No cron runs on it. Install and start it, or contents will not keep themselves fresh."), {}
    sizes = {"memory": ("memory_mib", host.row.memory_mib or LEAST_MEMORY)}
    sizes["disk"] = ("disk_free_mib", host.row.disk_mib or LEAST_DISK)
    for what, (name, needs) in sizes.items():
        if (has := number(said, name)) < needs * 0.9:  # the kernel keeps some for itself
            told = {
                "memory": _("It has %(has)s MiB of memory, not %(needs)s."),
                "disk": _("It has %(has)s MiB of disk free, not %(needs)s."),
            }[what]
            yield told, {"has": has, "needs": needs}


def text(said: Mapping[str, Any], name: str) -> str:
    """A short word of the host's."""
    return re.sub(r"[^A-Za-z0-9.:_+-]", "", str(said.get(name, "")))[:40]


def number(said: Mapping[str, Any], name: str) -> int:
    """A number of the host's; 0 for nonsense."""
    value = said.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def host_keys(options: Mapping[str, Any], *, within: float) -> Sequence[str]:
    """For each row in order, the key that the host shows now; "" for one that does not answer. Nothing is logged in to."""
    rows = [row for row in options.get("hosts") or [] if isinstance(row, Mapping)]
    until = time.monotonic() + within
    with ThreadPoolExecutor(max(1, min(MOST, len(rows))), "pool") as threads:
        return list(threads.map(lambda row: _key_of(row, until), rows))


def _key_of(row: Mapping[str, Any], until: float) -> str:
    left = min(KNOCK, until - time.monotonic())
    with suppress(ValueError, OSError):
        return shown_host_key(str(row.get("address") or ""), int(row.get("port") or 22), left) if left > 0 else ""
    return ""
