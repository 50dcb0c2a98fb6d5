"""A host of a pool off its network: nothing goes in or out but the portal's own way in.

The kernel keeps the wall, whoever dies. Cron looks every minute whether it stands: a host that was started again, or whose
rules somebody threw away, has it again also where no portal asks. What runs on the host runs on.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Optional

from machine.onboard.places import CRON_CUT, HOST_CODE, write_whole
from machine.onboard.wire import Refused

TABLE = "fairground_cut"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LINE = f"""\
# Fairground: this host's service is suspended, and the host stays off its network. Written by `onboard host-cut`.
SHELL=/bin/sh
PATH={PATH}
* * * * * root exec {HOST_CODE}/current/onboard host-look </dev/null >/dev/null 2>&1
"""
RULES = """\
table inet {table}
delete table inet {table}
table inet {table} {{
  chain in {{
    type filter hook input priority -300; policy drop;
    iifname "lo" accept
    tcp dport {port} accept
    udp sport 67 udp dport 68 accept
    udp sport 547 udp dport 546 accept
    icmp type destination-unreachable accept
    icmpv6 type {{ packet-too-big, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert }} accept
  }}
  chain out {{
    type filter hook output priority -300; policy drop;
    oifname "lo" accept
    tcp sport {port} tcp flags & (syn | ack) != syn accept
    udp sport 68 udp dport 67 accept
    udp sport 546 udp dport 547 accept
    icmpv6 type {{ nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert }} accept
  }}
  chain through {{
    type filter hook forward priority -300; policy drop;
  }}
}}
"""
"""In before all other rules. SSH stays, and nothing may begin from its port; so does what keeps the host's own address."""


def way_in() -> int:
    """The port of this host by which we are asked just now. Raises Refused: a host without a way in would be lost."""
    port = os.environ.get("SSH_CONNECTION", "").split()[3:]
    if not port or not port[0].isdigit():
        raise Refused("no-way-in", "SSH_CONNECTION does not say by which port we came")
    return int(port[0])


def hold(port: int) -> bool:
    """Make sure that it stands, and is looked after. False where nothing here can build it."""
    if CRON_CUT.parent.is_dir() and not CRON_CUT.exists():
        write_whole(CRON_CUT, LINE.encode(), 0o644)
    return stands() or nft("-f", "-", given=RULES.format(table=TABLE, port=port)) is not None


def take_down() -> None:
    """Let everything through again; silent if it does. Raises Refused where it stays."""
    CRON_CUT.unlink(missing_ok=True)
    if stands() and nft("delete", "table", "inet", TABLE) is None:
        raise Refused("wall-stays", f"nft could not delete the table {TABLE}")


def stands() -> bool:
    """Does the kernel keep it?"""
    return nft("list", "table", "inet", TABLE) is not None


def tables() -> set[str]:
    """What else decides about packets here: "family name" of each table but ours."""
    lines = (nft("list", "tables") or "").splitlines()
    return {line.partition(" ")[2] for line in lines} - {f"inet {TABLE}"}


def nft(*words: str, given: str = "") -> Optional[str]:
    """What the program for the kernel's packet rules says; None if it is not there, or refuses."""
    if not (program := shutil.which("nft", path=PATH)):
        return None
    done = subprocess.run([program, *words], input=given, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None
