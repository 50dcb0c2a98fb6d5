"""Several engines on one computer: each that starts empties chains that all of them use, and what was lost is put back.

A published port is a rule in the chain DOCKER. Without it the machines of another engine run on and answer nobody.
"""

import fcntl
import ipaddress
import re
import socket
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from cli.container_engine.firewall import PATH, bridge_prefix
from cli.container_engine.routes import routed

SHARED = re.compile(r"-A (?P<chain>DOCKER(?!-USER)\S*|PREROUTING|OUTPUT) (?P<words>.+)")
"""A rule in a chain that every engine takes for its own, or one that leads there; DOCKER-USER is left alone by all."""
BRIDGE = re.compile(r"-[io] (\S+)")
TARGET = re.compile(r"--to-destination ([0-9.]+)")
JUMP = "-j DOCKER"
TABLES = ("nat", "filter")
_ASK_FLAGS, _RUNS = 0x8913, 0x40
"""SIOCGIFFLAGS and IFF_RUNNING of Linux. What /sys tells may be of another network than ours."""


@dataclass(frozen=True)
class Rule:
    """One rule of somebody's engine."""

    table: str
    chain: str
    bridge: str  # "" for one that leads into a shared chain
    words: str  # after "-A CHAIN "

    @property
    def is_in_use(self) -> bool:
        """Whether a machine hangs on its bridge. What is just being removed must not come back."""
        if not self.bridge:
            return True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            try:
                told = fcntl.ioctl(any_socket, _ASK_FLAGS, struct.pack("16sH14x", self.bridge.encode(), 0))
            except OSError:  # no such bridge
                return False
        return bool(struct.unpack_from("16sH", told)[1] & _RUNS)


def rules() -> list[Rule]:
    """What the engines of others have in the shared chains now."""
    return [rule for table in TABLES for rule in _read(table) if not rule.bridge.startswith(bridge_prefix())]


def put_back(before: list[Rule]) -> int:
    """Add those of these rules that are missing and still of use; return how many. Safe to repeat."""
    there = rules()
    missing = [rule for rule in before if rule not in there and rule.is_in_use]
    return sum(_insert(rule) for rule in reversed(missing))


def _read(table: str) -> Iterator[Rule]:
    said = subprocess.run(
        ["iptables-save", "-t", table], env={"PATH": PATH}, capture_output=True, text=True, check=False
    )
    for line in said.stdout.splitlines():
        if (found := SHARED.match(line)) and (bridge := bridge_of(**found.groupdict())) is not None:
            yield Rule(table, found["chain"], bridge, found["words"])


def bridge_of(chain: str, words: str) -> str | None:
    """Whose rule it is, by the bridge it names or that leads to its target; None if it is of no engine."""
    if not chain.startswith("DOCKER"):
        return "" if words.endswith(JUMP) else None
    if named := BRIDGE.search(words):
        return named[1]
    target = TARGET.search(words)
    ways = [way for way in routed() if target and ipaddress.IPv4Address(target[1]) in way.network]
    return ways[0].interface if ways else None


def _insert(rule: Rule) -> bool:
    """Before all others, because some chains end with a rule for everything else; False while there is no such chain."""
    line = f"*{rule.table}\n-I {rule.chain} {rule.words}\nCOMMIT\n"
    done = subprocess.run(
        ["iptables-restore", "--noflush", "--wait", "10"],
        input=line, env={"PATH": PATH}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode == 0
