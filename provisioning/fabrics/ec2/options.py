"""What an admin says about a cloud."""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal, InvalidOperation
from typing import Any

from provisioning.driver import PORTALS, Form, Option, Secret, Size
from provisioning.driver import marked as _

ABOUT = _("Instances of a cloud: Amazon's, or any other that speaks the interface of EC2.")
OPTIONS = (
    Option("region", _("Region"), needed=True, help=_("As the cloud calls it, such as eu-central-1.")),
    Option(
        "endpoint", _("Address of the cloud's interface"),
        help=_("https://… of a cloud that speaks the interface of EC2. Empty: Amazon's own."),
    ),
    Option("key_id", _("Name of the access key"), help=_("Empty: the computer's own role, where it runs in that cloud.")),
    Option("key", _("Access key"), Form.SECRET),
    Option("role", _("Role to take on"), help=_("arn:… of a role that this key, or this computer, may take on. Empty: no role.")),
    Option("external_id", _("Word that the role asks for"), Form.SECRET),
    Option(
        "image", _("Image that machines start from"), needed=True,
        help=_("Debian 12 or Ubuntu: ami-…, or ssm: and the name of a parameter that holds one."),
    ),
    Option(
        "types", _("Sizes to choose from"), Form.TABLE, needed=True,
        help=_("Tried from the top: the first that is large enough, then the next when the cloud has no room."),
        columns=(
            Option("type", _("What the cloud calls it"), needed=True),
            Option("memory_mib", _("Memory in MiB"), Form.NUMBER, needed=True),
            Option("cpu", _("Cores"), needed=True),
            Option("price_per_hour", _("Price per hour"), help=_("Empty: nothing.")),
        ),
    ),
    Option(
        "zones", _("Zones"), Form.LINES,
        help=_("Zones, or subnets as subnet-…, in the order in which they are tried. Empty: any."),
    ),
    Option("vpc", _("Network"), help=_("vpc-… that the subnets are in. Empty: the account's usual one.")),
    Option(
        "address", _("Which address of a machine is used"), Form.CHOICE, default="public",
        choices=(("public", _("its public one")), ("private", _("its private one")), ("ipv6", "IPv6")),
    ),
    Option(
        "portal_addresses", _("Networks from which the portal comes"), Form.LINES, needed=True,
        help=_("Such as 192.0.2.7/32, one on each line. Nobody else reaches SSH of the machines."),
    ),
    Option(
        "front_door_addresses", _("Networks from which visitors are led to apps"), Form.LINES,
        help=_("Empty: those from which the portal comes."),
    ),
    Option(
        "egress", _("Ports elsewhere that machines may reach"), default="53 80 123 443",
        help=_("Names, pages, clocks: installers need these. 587 lets apps send mail. The word all: everything."),
    ),
    Option(
        "enrol_url", _("Address under which machines reach the portal"),
        help=_("https://… Machines tell it their host key at their first start. Empty: only the cloud tells it."),
    ),
    Option(
        "queue", _("Queue that is told when machines leave"),
        help=_("https://… of an SQS queue, one for each place. Empty: it is seen at the next look."),
    ),
    Option("git_door_host", _("Address under which machines reach the portal's copies of apps")),
    Option("user", _("Whom the image lets in"), default="root"),
    Option("currency", _("Currency of the prices"), default="USD"),
    Option("least_disk_gib", _("Disk that the image itself needs, in GiB"), Form.NUMBER, default="10"),
)  # fmt: skip
ADDRESSES = ("public", "private", "ipv6")
EVERYTHING = "all"
MOST_PORTS = 12
"""A group holds sixty rules for what goes out; each port is two to four."""


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
    external_id: Secret = field(default=Secret(""))  # what the role's owner asks for besides
    currency: str = ""  # of the prices, as people read it
    vpc: str = ""  # "" = the account's default one
    zones: tuple[str, ...] = ("",)  # names of zones or ids of subnets, in the order in which they are tried; "" = any
    address: str = "public"  # which of a machine's addresses we use
    portal_addresses: tuple[str, ...] = ()  # networks from which SSH is let in
    front_door_addresses: tuple[str, ...] = ()  # networks from which the app's ports are; () = the portal's
    egress: str = "53 80 123 443"  # ports anywhere that machines may reach, beside the portal; or EVERYTHING
    enrol_url: str = ""  # the portal, for machines that tell it their host key; "" = only the console tells it
    queue: str = ""  # address of an SQS queue that is told when machines leave; "" = nobody tells
    git_door_host: str = ""  # the address under which machines reach the portal's git door; "" = they cannot
    user: str = "root"  # whom the image lets in
    least_disk_gib: int = 10  # what the image itself needs


def problems(options: Mapping[str, Any]) -> Sequence[str]:
    """Sentences about wrong options, for the admin's form."""
    known = [each.name for each in fields(Options)]
    text = {name: str(options.get(name) or "") for name in known}
    found = [f"{name}: " + _("There is no such option.") for name in sorted(set(options) - {*known, *PORTALS})]
    if not re.fullmatch(r"[a-z0-9-]+", text["region"]):
        found.append("region: " + _("Please say which region, such as eu-central-1."))
    if not re.fullmatch(r"[ae]mi-\w+|ssm:/\S+", text["image"]):
        found.append("image: " + _("Please say which image: ami-…, or ssm: and the name of a parameter."))
    urls = [name for name in ("endpoint", "enrol_url", "queue") if not re.fullmatch(r"(https?://\S+)?", text[name])]
    found += [f"{name}: " + _("Please say it as https://…") for name in urls]
    if not re.fullmatch(r"(arn:[a-z-]+:iam::\d{12}:role/\S+)?", text["role"]):
        found.append("role: " + _("Please say it as arn:…:role/…"))
    if text["address"] not in {"", *ADDRESSES}:
        found.append("address: " + _("Please choose one of those that are offered."))
    if not re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}|", text["user"]):
        found.append("user: " + _("That is no user's name."))
    if not _are_ports(text["egress"]):
        found.append("egress: " + _("Please give numbers of ports with spaces between them, or the word all."))
    if not re.fullmatch(r"\d{0,4}", text["least_disk_gib"]):
        found.append("least_disk_gib: " + _("Please give a number."))
    return [*found, *_networks_problems(options), *_types_problems(options.get("types"))]


def _networks_problems(options: Mapping[str, Any]) -> Sequence[str]:
    named = {name: _lines(options.get(name)) for name in ("portal_addresses", "front_door_addresses")}
    wrong = [name for name, networks in named.items() if not all(map(_is_network, networks))]
    found = [f"{name}: " + _("Please give networks such as 192.0.2.7/32, and not everybody.") for name in wrong]
    if not named["portal_addresses"]:
        found.append("portal_addresses: " + _("Please say from which networks the portal reaches its machines."))
    return found


def _types_problems(table: Any) -> Sequence[str]:
    rows = table if isinstance(table, (list, tuple)) else ()
    if not rows:
        return ["types: " + _("Please name at least one.")]
    wrong = [number for number, row in enumerate(rows, 1) if not _reads(row)]
    return [
        f"types {number}: " + _("Please give its name, its memory and cores, and a price as a number.")
        for number in wrong
    ]


def read(options: Mapping[str, Any]) -> Options:
    """Options as a whole. Raises ValueError naming what is wrong."""
    if wrong := problems(options):
        raise ValueError(" ".join(wrong))
    given: dict[str, Any] = {each.name: options[each.name] for each in fields(Options) if options.get(each.name)}
    for name in ("zones", "portal_addresses", "front_door_addresses"):
        if lines := _lines(options.get(name)):
            given[name] = lines
    for name in ("key", "external_id"):
        given[name] = Secret(str(options.get(name) or ""))
    given["types"] = tuple(map(_type, options["types"]))
    return Options(**{**given, "least_disk_gib": int(given.get("least_disk_gib", Options.least_disk_gib))})


def candidates(options: Options, size: Size) -> Sequence[tuple[InstanceType, str]]:
    """Where a machine of this size may be had: each type that fits, in each zone, in the order of the tables."""
    return [(kind, zone) for kind in options.types if kind.fits(size) for zone in options.zones]


def _type(row: Mapping[str, Any]) -> InstanceType:
    price = row.get("price_per_hour")
    told = Decimal(str(price)) if price not in (None, "") else None
    return InstanceType(str(row["type"]), int(row["memory_mib"]), float(row["cpu"]), told)


def _reads(row: Mapping[str, Any]) -> bool:
    try:
        read = _type(row)
    except (TypeError, ValueError, KeyError, AttributeError, InvalidOperation):
        return False
    is_price = read.price_per_hour is None or (read.price_per_hour.is_finite() and read.price_per_hour >= 0)
    return bool(re.fullmatch(r"[a-z0-9.-]{2,30}", read.name)) and read.memory_mib > 0 and read.cpu > 0 and is_price


def _lines(told: Any) -> tuple[str, ...]:
    """A list as the form gives it, or its lines as text."""
    lines = told.splitlines() if isinstance(told, str) else told or ()
    return tuple(line for each in lines if (line := str(each).strip()))


def _are_ports(text: str) -> bool:
    words = text.split()
    return text == EVERYTHING or (len(words) <= MOST_PORTS and all(_is_port(word) for word in words))


def _is_port(word: str) -> bool:
    return bool(re.fullmatch(r"\d{1,5}", word)) and 0 < int(word) < 65536


def _is_network(text: str) -> bool:
    try:
        return ipaddress.ip_network(text).prefixlen > 0
    except ValueError:
        return False
