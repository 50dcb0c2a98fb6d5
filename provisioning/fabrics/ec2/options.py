"""What an admin says about a cloud."""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal, InvalidOperation
from typing import Any

from provisioning.driver import Secret, Size

PORTALS = ("subnets", "first_port", "slots", "price_per_day")
"""Options of any place, which the portal reads itself."""
ADDRESSES = ("public", "private", "ipv6")


@dataclass(frozen=True)
class InstanceType:
    """A line of the admin's table."""

    name: str  # "t3.small"
    memory_mib: int
    cpu: float  # cores
    price_per_hour: Decimal | None = None

    def fits(self, size: Size) -> bool:
        """Whether a machine of this size may be had as one of these."""
        return self.memory_mib >= size.memory_mib and self.cpu >= size.cpu


@dataclass(frozen=True)
class Options:
    """One configured account in one region of a cloud."""

    region: str
    image: str  # "ami-…", or "ssm:" and the name of a parameter that holds one
    types: tuple[InstanceType, ...]  # in the order in which they are tried
    endpoint: str = ""  # "" = Amazon's own
    key_id: str = ""  # "" = what boto3 finds by itself
    key: Secret = field(default=Secret(""))
    role: str = ""  # ARN of a role to assume; "" = none
    external_id: str = ""  # what the role's owner asks for besides
    vpc: str = ""  # "" = the account's default one
    zones: tuple[str, ...] = ("",)  # names of zones or ids of subnets, in the order in which they are tried; "" = any
    address: str = "public"  # which of a machine's addresses we use
    portal_addresses: tuple[str, ...] = ()  # networks from which SSH is let in
    front_door_addresses: tuple[str, ...] = ()  # networks from which the app's ports are; () = the portal's
    enrol_url: str = ""  # where machines tell the portal their host key; "" = only the console tells it
    git_door_host: str = ""  # the address under which machines reach the portal's git door; "" = they cannot
    user: str = "root"  # whom the image lets in
    least_disk_gib: int = 10  # what the image itself needs


def problems(options: Mapping[str, Any]) -> Sequence[str]:
    """Sentences about wrong options, for the admin's form."""
    known = [field.name for field in fields(Options)]
    text = {name: str(options.get(name) or "") for name in known}
    networks = [*_lines(options.get("portal_addresses")), *_lines(options.get("front_door_addresses"))]
    rules = {
        "region: say which one, such as eu-central-1.": bool(re.fullmatch(r"[a-z0-9-]+", text["region"])),
        "image: say which image machines start from, as ami-… or as ssm: with the name of a parameter.": bool(
            re.fullmatch(r"[ae]mi-\w+|ssm:/\S+", text["image"])
        ),
        "endpoint: as https://host, or nothing for Amazon's own.": bool(
            re.fullmatch(r"(https?://\S+)?", text["endpoint"])
        ),
        "address: public, private or ipv6.": text["address"] in {"", *ADDRESSES},
        "portal_addresses: say from which networks the portal reaches its machines.": bool(networks),
        "portal_addresses, front_door_addresses: networks such as 192.0.2.7/32, and not everybody.": all(
            _is_network(each) for each in networks
        ),
        "enrol_url: the portal's own address, as https://…": bool(re.fullmatch(r"(https?://\S+)?", text["enrol_url"])),
        "user: a user's name.": bool(re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}|", text["user"])),
        "least_disk_gib: a number.": bool(re.fullmatch(r"\d{0,4}", text["least_disk_gib"])),
        "types: at least one, with memory and cores as numbers.": _reads(options.get("types")),
    }
    unknown = sorted(set(options) - {*known, *PORTALS})
    return [f"{name}: there is no such option." for name in unknown] + [
        told for told, holds in rules.items() if not holds
    ]


def read(options: Mapping[str, Any]) -> Options:
    """Options as a whole. Raises ValueError naming what is wrong."""
    if wrong := problems(options):
        raise ValueError(" ".join(wrong))
    given: dict[str, Any] = {each.name: options[each.name] for each in fields(Options) if options.get(each.name)}
    for name in ("zones", "portal_addresses", "front_door_addresses"):
        if lines := _lines(options.get(name)):
            given[name] = lines
    given["types"], given["key"] = _types(options["types"]), Secret(str(options.get("key") or ""))
    return Options(**{**given, "least_disk_gib": int(given.get("least_disk_gib", Options.least_disk_gib))})


def candidates(options: Options, size: Size) -> Sequence[tuple[InstanceType, str]]:
    """Where a machine of this size may be had: each type that fits, in each zone, in the order of the tables."""
    return [(kind, zone) for kind in options.types if kind.fits(size) for zone in options.zones]


def _types(table: Any) -> tuple[InstanceType, ...]:
    return tuple(
        InstanceType(str(row["type"]), int(row["memory_mib"]), float(row["cpu"]), _price(row.get("price_per_hour")))
        for row in table
    )


def _price(told: Any) -> Decimal | None:
    return Decimal(str(told)) if told not in (None, "") else None


def _reads(table: Any) -> bool:
    try:
        return bool(_types(table)) and all(re.fullmatch(r"[a-z0-9.-]{2,30}", str(row["type"])) for row in table)
    except (TypeError, ValueError, KeyError, AttributeError, InvalidOperation):
        return False


def _lines(told: Any) -> tuple[str, ...]:
    """A list as the form gives it, or its lines as text."""
    lines = told.splitlines() if isinstance(told, str) else told or ()
    return tuple(line for each in lines if (line := str(each).strip()))


def _is_network(text: str) -> bool:
    try:
        return ipaddress.ip_network(text).prefixlen > 0
    except ValueError:
        return False
