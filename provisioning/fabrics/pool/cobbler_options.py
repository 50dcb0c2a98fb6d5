"""What an admin says about the Cobbler that installs the hosts of a pool anew."""

import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from provisioning.driver import Form, Option, Secret
from provisioning.driver import marked as _

OPTIONS = (
    Option(
        "cobbler", _("Cobbler that installs hosts anew"),
        help=_("“https://cobbler.example.org/cobbler_api”. Empty: hosts are wiped, and nothing is installed on them."),
    ),
    Option("cobbler_user", _("Cobbler: user")),
    Option("cobbler_password", _("Cobbler: password"), Form.SECRET),
    Option("cobbler_profile", _("Cobbler: profile"), help=_("What is installed on a host after each service.")),
    Option(
        "cobbler_minutes", _("Cobbler: minutes until an installation has failed"), Form.NUMBER, default="60",
    ),
    Option(
        "cobbler_authority", _("Cobbler: certificate of its authority"), Form.LINES,
        help=_("In PEM, if it is one of your own. Empty: the authorities that this computer trusts."),
    ),
)  # fmt: skip
SYSTEM = Option(
    "system",
    _("Name in Cobbler"),
    help=_("With it, the host is installed anew after every service. Empty: it is wiped."),
)
"""The column of the table of hosts."""
NAMES = frozenset(option.name for option in OPTIONS)
NAME = re.compile(r"[A-Za-z0-9_.:-]{1,80}")
LEAST, MOST = 1, 24 * 60  # minutes


@dataclass(frozen=True)
class CobblerOptions:
    """One Cobbler as the admin wrote it down."""

    url: str
    user: str
    password: Secret
    profile: str
    patience: timedelta = timedelta(minutes=60)
    authority: str = ""  # PEM; "" = those of this system


def read(options: Mapping[str, Any]) -> CobblerOptions | None:
    """Options in which nothing is wrong; None where no Cobbler is meant."""
    text = texts(options)
    if not text["cobbler"]:
        return None
    return CobblerOptions(
        text["cobbler"],
        text["cobbler_user"],
        Secret(text["cobbler_password"]),
        text["cobbler_profile"],
        timedelta(minutes=int(text["cobbler_minutes"] or 60)),
        text["cobbler_authority"],
    )


def wrong_with_cobbler(options: Mapping[str, Any], rows: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Sentences about these options, and about what the rows of the table say of it."""
    text = texts(options)
    if text["cobbler"]:
        yield from wrong_in(text)
    names: set[str] = set()
    for number, row in enumerate(rows, 1):
        if not (name := row.get("system", "")):
            continue
        if not text["cobbler"]:
            yield f"hosts {number}: " + _("It has a name in Cobbler, and this place has no Cobbler.")
        elif not NAME.fullmatch(name):
            yield f"hosts {number}: " + _("That is no name of a system in Cobbler.")
        elif name in names:
            yield f"hosts {number}: " + _("Another host has this name in Cobbler.")
        names.add(name)


def wrong_in(text: Mapping[str, str]) -> Iterator[str]:
    """Sentences about the Cobbler itself."""
    if not is_safe(text["cobbler"]):
        yield "cobbler: " + _(
            "Please give an address that begins with https://. Without TLS it may only be this computer."
        )
    for name in ("cobbler_user", "cobbler_password"):
        if not text[name]:
            yield f"{name}: " + _("Cobbler lets nobody in without it.")
    if not NAME.fullmatch(text["cobbler_profile"]):
        yield "cobbler_profile: " + _("Please name the profile that is installed.")
    if not re.fullmatch(r"[0-9]{0,4}", minutes := text["cobbler_minutes"]) or not LEAST <= int(minutes or 60) <= MOST:
        yield "cobbler_minutes: " + _("That is a number from 1 to 1440.")
    if (authority := text["cobbler_authority"]) and not is_certificate(authority):
        yield "cobbler_authority: " + _("That is no certificate in PEM.")


def texts(options: Mapping[str, Any]) -> dict[str, str]:
    """All of them as text; lines are put together."""
    given = {name: options.get(name) or "" for name in NAMES}
    return {name: "\n".join(value) if isinstance(value, list) else str(value).strip() for name, value in given.items()}


def is_safe(url: str) -> bool:
    """Is it an address at which a password may be said? By TLS, or on this computer; and the password is not in it."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    plain = not (parts.username or parts.password or parts.query or parts.fragment) and bool(host)
    return plain and (parts.scheme == "https" or (parts.scheme == "http" and is_here(host)))


def is_here(host: str) -> bool:
    """Is this name this computer?"""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_certificate(text: str) -> bool:
    """Can it be trusted at all?"""
    try:
        ssl.create_default_context(cadata=text)
    except (ssl.SSLError, ValueError):
        return False
    return True
