"""Which addresses of repositories we fetch from: the rules, and the one look-up whose answer git is then held to."""

import re
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

LONGEST_URL = 500
LOOKUP_SECONDS = 10.0
LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
HOST = rf"(?:{LABEL}\.)+(?=[a-z])(?:{LABEL})"
"""At least two labels, the last one begins with a letter: no numbers in disguise (0x7f.1, 2852039166), no localhost."""
SEGMENT = r"[A-Za-z0-9._~+][A-Za-z0-9._~+-]*"
PATH = rf"{SEGMENT}(?:/{SEGMENT})*/?"
PUBLIC = re.compile(rf"https://(?P<host>{HOST})(?::443)?/(?P<path>{PATH})", re.ASCII)
REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}", re.ASCII)
COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)

NOT_PUBLIC_4 = tuple(
    map(
        IPv4Network, ("0.0.0.0/8", "100.64.0.0/10", "168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "224.0.0.0/3")
    )
)
"""Denied besides what `is_global` denies: metadata services of clouds that live in public space, relays, multicast."""
PUBLIC_6 = IPv6Network("2000::/3")
NOT_PUBLIC_6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
"""Tunnels that carry an IPv4 address inside, and examples. NAT64, mapped and compatible ones are not in 2000::/3."""


class GitProblem(Exception):  # noqa: N818 - not our error: what is the matter with a repository
    """Something is the matter with a repository. `code` is for programs and for words, `detail` for the technical log.

    Codes: address-refused, address-unknown, ref-refused, ref-missing, commit-missing, repository-missing,
    repository-private, repository-moved, repository-unreachable, repository-too-large, repository-damaged,
    not-a-repository, too-slow, busy, file-missing, file-not-plain, file-too-large, git-failed.
    """

    def __init__(self, code: str, *, url: str = "", detail: str = "") -> None:
        super().__init__(f"{code}: {url} {detail}".rstrip())
        self.code = code
        self.url = url
        self.detail = detail


Resolve = Callable[[str], Sequence[str]]


def resolve_host(host: str) -> Sequence[str]:
    """Ask the system for all addresses of a host. Empty if there are none, or after LOOKUP_SECONDS."""
    found: list[str] = []

    def look_up() -> None:
        try:
            answers = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        found.extend(str(answer[4][0]) for answer in answers)

    thread = threading.Thread(target=look_up, daemon=True)  # the system's resolver knows no deadline
    thread.start()
    thread.join(LOOKUP_SECONDS)
    return list(dict.fromkeys(found))


@dataclass(frozen=True)
class GitRules:
    """What an admin allows besides public https: prefixes such as "file:///srv/git/" or "http://gitea.lan/"."""

    trusted: tuple[str, ...] = ()
    moved: tuple[str, str] = ("", "")
    """How addresses begin whose repositories lie elsewhere now, and how that place is addressed."""
    resolve: Resolve = field(default=resolve_host, compare=False)


@dataclass(frozen=True)
class Address:
    """An address found right. `pins` are the lines for git's curl, so that nothing is looked up a second time."""

    url: str
    protocol: str
    pins: tuple[str, ...] = ()


def canonical(url: str, rules: GitRules) -> str:
    """Return the one way to write this address, by its letters alone. Raises GitProblem("address-refused")."""
    if len(url) > LONGEST_URL or not url.isascii():
        raise _refused(url, "too long, or letters beyond ASCII")
    if _trusted_prefix(url, rules):
        return url.rstrip("/")
    scheme, colon, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    lowered = f"{scheme.lower()}{colon}{host.lower()}{slash}{path}"
    found = PUBLIC.fullmatch(lowered)
    if not found or ".." in url or len(found["host"]) > 253:
        raise _refused(url, "expected https://host/path with letters, digits and . _ ~ + - only")
    return f"https://{found['host']}/{found['path'].rstrip('/')}"


def located(url: str, rules: GitRules) -> Address:
    """Find the address right by its letters, look its host up once, and pin it. Raises GitProblem."""
    url = canonical(url, rules)
    if _trusted_prefix(url + "/", rules):
        was, now = rules.moved
        place = now + url.removeprefix(was) if url.startswith(f"{was}/") else url
        return Address(place, place.partition("://")[0])
    host = url.split("/")[2]
    addresses = rules.resolve(host)
    if not addresses:
        raise GitProblem("address-unknown", url=url, detail=f"{host} is not known")
    if bad := next((address for address in addresses if not is_public(address)), None):
        raise _refused(url, f"{host} leads to {bad}, which is not on the public internet")
    pinned = ",".join(f"[{address}]" if ":" in address else address for address in addresses[:8])
    return Address(url, "https", (f"{host}:443:{pinned}",))


def checked_ref(ref: str) -> str:
    """Return a branch, tag or commit that is safe to name. Raises GitProblem("ref-refused")."""
    bad = ("..", "//", "/.", ".lock/", "./", "/-")
    if not REF.fullmatch(ref) or ref.endswith((".", "/", ".lock")) or any(part in ref for part in bad):
        raise GitProblem("ref-refused", detail="expected letters, digits and . _ / - in the name of a branch or tag")
    if ref.startswith("refs/") and not ref.startswith(("refs/heads/", "refs/tags/")):
        raise GitProblem("ref-refused", detail="expected a branch or a tag")
    return ref


def is_commit(ref: str) -> bool:
    """Say whether this is a commit in full, 40 or 64 hex digits."""
    return COMMIT.fullmatch(ref) is not None


def is_public(address: str) -> bool:
    """Say whether this is an address of an ordinary host on the public internet."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address):
        return parsed in PUBLIC_6 and parsed.is_global and not any(parsed in network for network in NOT_PUBLIC_6)
    assert isinstance(parsed, IPv4Address)
    return parsed.is_global and not any(parsed in network for network in NOT_PUBLIC_4)


def _trusted_prefix(url: str, rules: GitRules) -> bool:
    for prefix in rules.trusted:
        whole = prefix.rstrip("/") + "/"
        rest = url.removeprefix(whole)
        if url.startswith(whole) and ".." not in rest and (re.fullmatch(PATH, rest, re.ASCII) or not rest):
            return True
    return False


def _refused(url: str, detail: str) -> GitProblem:
    return GitProblem(
        "address-refused", url=url[:LONGEST_URL].encode("ascii", "backslashreplace").decode(), detail=detail
    )
