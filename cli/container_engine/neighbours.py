"""Several engines on one computer: each that starts empties chains that all of them use, and what was lost is put back.

A published port is a rule in the chain DOCKER. Without it the machines of another engine run on and answer nobody.
"""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cli.container_engine.firewall import PATH, bridge_prefix

SHARED = re.compile(r"-A (?P<chain>DOCKER(?!-USER)\S*) .*?-[io] (?P<bridge>\S+)")
"""A rule in a chain that every engine takes for its own; DOCKER-USER is left alone by all."""
TABLES = ("nat", "filter")


@dataclass(frozen=True)
class Rule:
    """One rule of somebody's engine."""

    table: str
    chain: str
    bridge: str
    words: str  # after "-A CHAIN "

    @property
    def is_in_use(self) -> bool:
        """Whether a machine hangs on its bridge. What is just being removed must not come back."""
        try:
            return Path(f"/sys/class/net/{self.bridge}/carrier").read_text().strip() == "1"
        except OSError:  # no such bridge, or one that is switched off
            return False


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
        if found := SHARED.match(line):
            yield Rule(table, found["chain"], found["bridge"], line.split(" ", 2)[2])


def _insert(rule: Rule) -> bool:
    """Before all others, because some chains end with a rule for everything else; False while there is no such chain."""
    line = f"*{rule.table}\n-I {rule.chain} {rule.words}\nCOMMIT\n"
    done = subprocess.run(
        ["iptables-restore", "--noflush", "--wait", "10"],
        input=line, env={"PATH": PATH}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode == 0
