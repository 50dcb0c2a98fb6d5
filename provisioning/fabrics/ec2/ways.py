"""Who may reach a machine, and what it may reach: the rules of its security group, as wanted and as the cloud tells them."""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from provisioning.driver import MachineSpec
from provisioning.fabrics.ec2.options import EVERYTHING, Options

SSH = 22
Way = tuple[str, int, int, str]
"""Protocol, first and last port, network."""
ANY, NO_PORT, LAST_PORT = "-1", -1, 65535
EVERYBODY = ("0.0.0.0/0", "::/0")
USUAL_OUT: frozenset[Way] = frozenset((ANY, NO_PORT, NO_PORT, network) for network in EVERYBODY)
"""What a new group lets out; the second only where the network has IPv6."""
BY_UDP = {53, 123}


def ways_in(spec: MachineSpec, options: Options) -> set[Way]:
    """SSH from the portal, the app's ports from where visitors are led to it."""
    visitors = options.front_door_addresses or options.portal_addresses
    ports = {("tcp", port.number, port.number, network) for port in spec.ports for network in visitors}
    return ports | {("tcp", SSH, SSH, network) for network in options.portal_addresses}


def ways_out(options: Options) -> set[Way]:
    """A few ports anywhere, and whatever the portal listens on; or everything."""
    if options.egress == EVERYTHING:
        return set(USUAL_OUT)
    ports = {int(port) for port in options.egress.split()} | _of_portal(options.enrol_url)
    out = {("tcp", port, port, network) for port in ports for network in EVERYBODY}
    out |= {("udp", port, port, network) for port in ports & BY_UDP for network in EVERYBODY}
    return out | {("tcp", 0, LAST_PORT, network) for network in {*options.portal_addresses, *_as_network(options)}}


def told(ways: Iterable[Way]) -> Sequence[dict[str, Any]]:
    """Rules as the cloud wants them told."""
    return [
        {"IpProtocol": protocol, **({} if protocol == ANY else {"FromPort": first, "ToPort": last}), **_range(network)}
        for protocol, first, last, network in sorted(ways)
    ]


def read(rules: Iterable[Mapping[str, Any]]) -> set[Way]:
    """Rules as the cloud tells them."""
    return {
        (str(rule["IpProtocol"]), *_ports(rule), network.get("CidrIp") or network["CidrIpv6"])
        for rule in rules
        for network in [*rule.get("IpRanges", []), *rule.get("Ipv6Ranges", [])]
    }


def _ports(rule: Mapping[str, Any]) -> tuple[int, int]:
    is_any = rule["IpProtocol"] == ANY
    return (NO_PORT, NO_PORT) if is_any else (int(rule["FromPort"]), int(rule["ToPort"]))


def _range(network: str) -> dict[str, Any]:
    return {"Ipv6Ranges": [{"CidrIpv6": network}]} if ":" in network else {"IpRanges": [{"CidrIp": network}]}


def _of_portal(url: str) -> set[int]:
    if not url:
        return set()
    parts = urlsplit(url)
    return {parts.port or {"http": 80}.get(parts.scheme, 443)}


def _as_network(options: Options) -> Sequence[str]:
    """Of the git door, where it is said as a number."""
    try:
        return [str(ipaddress.ip_network(options.git_door_host))]
    except ValueError:
        return []
