"""Where the webhook may lead: the public internet by https, or what an admin of this computer trusts by name."""

from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from catalog.url import is_public, resolve_host

LONGEST = 400


class AddressRefused(Exception):  # noqa: N818 - not our error
    """Nothing is sent there. The text says why, for the technical log and the desk."""


@dataclass(frozen=True)
class Target:
    """An address found right, looked up once: `at` is where the connection goes, whatever a name means a moment later."""

    url: SplitResult
    at: str


def problem_with(address: str) -> str:
    """What is wrong with an address by its letters alone, as a word of ours; empty = nothing."""
    try:
        parts = urlsplit(address)
        known = parts.hostname and parts.port != 0
    except ValueError:
        return "unreadable"
    plain = address.isascii() and address.isprintable() and " " not in address and len(address) <= LONGEST
    if not known or not plain or parts.username is not None or parts.password is not None or parts.fragment:
        return "unreadable"
    return "" if parts.scheme == "https" or (parts.scheme == "http" and is_trusted(address)) else "not-https"


def located(address: str) -> Target:
    """Find an address right and look its host up, once. Raises AddressRefused."""
    if problem := problem_with(address):
        raise AddressRefused(problem)
    parts = urlsplit(address)
    found = resolve_host(str(parts.hostname))
    if not found:
        raise AddressRefused(f"{parts.hostname} is not known")
    if not is_trusted(address) and (bad := next((each for each in found if not is_public(each)), None)):
        raise AddressRefused(f"{parts.hostname} leads to {bad}, which is not on the public internet")
    return Target(parts, found[0])


def is_trusted(address: str) -> bool:
    """It begins as an admin of this computer has written (HOOK_TRUSTED)."""
    return any(address.startswith(prefix.rstrip("/") + "/") for prefix in settings.HOOK_TRUSTED)
