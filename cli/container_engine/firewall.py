"""What machines may reach: the open internet and the git door. Not this host, each other, private networks, or mail.

All rules stand in chains of our own (FAIRGROUND-<mark>-…) that are replaced whole, and match only bridges of ours, by
the beginning of their names. IPv6 has no business there at all.

A place may need other ranges: FAIRGROUND_REFUSED_RANGES replaces the list, FAIRGROUND_ALLOWED_RANGES opens holes in it,
for example for a package mirror inside a company; both are lists with commas. This host's name servers are always open.
"""

import ipaddress
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.container_engine.api import EngineError
from cli.home import mark

REFUSED_RANGES = (
    "0.0.0.0/8,10.0.0.0/8,100.64.0.0/10,127.0.0.0/8,169.254.0.0/16,172.16.0.0/12,192.168.0.0/16,224.0.0.0/4,240.0.0.0/4"
)
"""Private, shared, link-local (cloud metadata), loopback, multicast and reserved. Not the documentation ranges: where a
place puts its mirrors under such an address, nothing else can live there."""
MAIL_PORTS = "25,465,587"
SPARE_DOORS = 7
"""Further ports beside the git door's: a demo has a git door of its own while the portal runs."""
INNER_GIT_DOOR = 8418
"""Of a portal that runs in containers."""
INPUT, FORWARD, REFUSE = (f"FAIRGROUND-{mark()}-{end}" for end in ("IN", "FWD", "NO"))
DOCKER, CNI, NETAVARK = GATES = ("DOCKER-USER", "CNI-ADMIN", "NETAVARK_FORWARD")
"""Chains that engines ask before their own rules: Docker's and CNI's for that purpose; netavark's own, because Podman 4.3
puts its jump before all others, as often as the chain is missing. What is not there is not needed, but that last one."""
PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"


@dataclass(frozen=True)
class Door:
    """Where machines fetch their repositories; the only thing on this host that they may reach."""

    host: str
    port: int


def bridge_prefix() -> str:
    """How the names of our bridges begin. A name has at most 15 bytes; nine are left to tell machines apart."""
    return f"fg{mark()[:4]}"


def portal_bridge() -> str:
    """The bridge of a portal that runs in containers beside its machines; no machine's bridge is called like it."""
    return f"fp{mark()[:4]}"


def can_be_set() -> bool:
    """Say whether we may and can write rules here."""
    return os.geteuid() == 0 and shutil.which("iptables-restore", path=PATH) is not None


def stands() -> bool:
    """Say whether our chains are there."""
    return _has_chain(INPUT) and _has_chain(FORWARD)


def put_up(door: Door | None, *, for_podman: bool = False) -> None:
    """Write all rules; the same again if they stand already. Raises EngineError."""
    bridges = f"{bridge_prefix()}+"
    # A reset, because only so many unreachables are sent per second, and then programs wait instead of failing.
    refuse = ["-p tcp -j REJECT --reject-with tcp-reset", "-j REJECT"]
    chains = {REFUSE: refuse, INPUT: input_rules(bridges, door), FORWARD: forward_rules(bridges)}
    _restore("iptables-restore", chains)
    _jump("iptables", "INPUT", INPUT)
    if for_podman:
        run_tables("iptables", "-N", NETAVARK)  # before its first machine makes it: then we stand first in it
    gates = [gate for gate in GATES if _has_chain(gate)]
    for gate in gates if DOCKER in gates else [*gates, "FORWARD"]:
        _jump("iptables", gate, FORWARD)
    if Path("/proc/sys/net/ipv6").exists():
        nothing = [f"-i {bridges} -j DROP"]
        _restore("ip6tables-restore", {INPUT: nothing, FORWARD: [*nothing, f"-o {bridges} -j DROP"]})
        _jump("ip6tables", "INPUT", INPUT)
        _jump("ip6tables", "FORWARD", FORWARD)


def take_down() -> None:
    """Take all our rules and chains away; silent if there are none."""
    for program in ("iptables", "ip6tables"):
        for builtin, chain in (("INPUT", INPUT), *((gate, FORWARD) for gate in (*GATES, "FORWARD"))):
            while run_tables(program, "-D", builtin, "-j", chain) == 0:
                pass
        for chain in (INPUT, FORWARD, REFUSE):
            run_tables(program, "-F", chain)
            run_tables(program, "-X", chain)
    run_tables("iptables", "-X", NETAVARK)  # refused while it holds anything that is not ours


def input_rules(bridges: str, door: Door | None) -> list[str]:
    """Rules for traffic to this host: only answers, names, and the git door, and that one from machines only."""
    rules = [f"-i {bridges} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT"]
    if door:
        rules += [
            f"-i {bridges} -d {door.host}/32 -p tcp --dport {door.port}:{door.port + SPARE_DOORS} -j ACCEPT",
            "-i lo -j RETURN",
            f"! -i {bridges} -d {door.host}/32 -j DROP",
        ]
    rules += [f"-i {bridges} -d {server}/32 -p {p} --dport 53 -j ACCEPT" for server in name_servers() for p in _DNS]
    return [*rules, f"-i {bridges} -j {REFUSE}"]


def forward_rules(bridges: str) -> list[str]:
    """Rules for traffic through this host: only the portal comes in, and what goes out goes to the open internet."""
    portal = portal_bridge()  # an engine would keep its networks apart, also these
    return [
        f"-i {portal} -o {bridges} -p tcp -j ACCEPT",
        f"-i {bridges} -o {portal} -m conntrack --ctstate ESTABLISHED -j ACCEPT",
        f"-i {bridges} -o {portal} -p tcp --dport {INNER_GIT_DOOR} -j ACCEPT",
        f"-i {bridges} -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN",
        f"-i {bridges} -o {bridges} -j {REFUSE}",
        f"-o {bridges} -m conntrack --ctstate NEW -j DROP",
        *(f"-i {bridges} -d {server}/32 -p {p} --dport 53 -j RETURN" for server in name_servers() for p in _DNS),
        f"-i {bridges} -p tcp -m multiport --dports {MAIL_PORTS} -j {REFUSE}",
        *(f"-i {bridges} -d {net} -j RETURN" for net in _ranges("FAIRGROUND_ALLOWED_RANGES", "")),
        *(f"-i {bridges} -d {net} -j {REFUSE}" for net in _ranges("FAIRGROUND_REFUSED_RANGES", REFUSED_RANGES)),
    ]


_DNS = ("udp", "tcp")


def name_servers(files: Sequence[str] = ("/etc/resolv.conf", "/run/systemd/resolve/resolv.conf")) -> list[str]:
    """The IPv4 name servers of this host that are not the host's own loopback: the engine asks the same ones."""
    lines = [line for name in files if Path(name).exists() for line in Path(name).read_text().splitlines()]
    words = [line.split()[1] for line in lines if line.startswith("nameserver ")]
    found = [word for word in words if ":" not in word and not ipaddress.ip_address(word).is_loopback]
    return list(dict.fromkeys(found))


def _ranges(variable: str, default: str) -> Iterator[str]:
    for word in os.environ.get(variable, default).replace(" ", "").split(","):
        if word:
            try:
                yield str(ipaddress.IPv4Network(word))
            except ValueError as error:
                raise EngineError(f"{variable} holds {word!r}, which is no IPv4 range: {error}") from error


def _restore(program: str, chains: Mapping[str, Sequence[str]]) -> None:
    """Replace chains of ours in one stroke, and nothing else."""
    lines = ["*filter", *(f":{chain} - [0:0]" for chain in chains)]
    lines += [f"-A {chain} {rule}" for chain, rules in chains.items() for rule in rules]
    done = subprocess.run(
        [program, "--noflush", "--wait", "10"], input="\n".join([*lines, "COMMIT", ""]),
        env={"PATH": PATH}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise EngineError(f"The firewall rules could not be written ({program}): {done.stderr.strip()}")


def _jump(program: str, builtin: str, chain: str) -> None:
    """Make sure that the first rule of a chain which is not ours leads to ours."""
    if run_tables(program, "-C", builtin, "-j", chain) and run_tables(program, "-I", builtin, "1", "-j", chain):
        raise EngineError(f"The firewall rules could not be put into {builtin} ({program}).")


def _has_chain(name: str) -> bool:
    return run_tables("iptables", "-n", "-L", name) == 0


def run_tables(program: str, *words: str) -> int:
    """Run iptables or ip6tables; return its exit code."""
    done = subprocess.run([program, "--wait", "10", *words], env={"PATH": PATH}, capture_output=True, check=False)
    return done.returncode
