"""Cobbler, asked by XML-RPC: which systems it knows, what is installed on them, and their power.

Every call costs at most its time and its bytes. Names are compared here, exactly: to Cobbler they would be patterns.
What Cobbler answers holds passwords of power switches; they are thrown away where the answer is read.
"""

import ssl
import time
import xmlrpc.client
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_address
from typing import Any
from xml.parsers.expat import ExpatError

import httpx

from provisioning.errors import Blame, TryAgain
from provisioning.fabrics.pool.cobbler_options import CobblerOptions

MOST = 16 << 20
"""Bytes of one answer; a system has about 2 KB."""
INHERITED = "<<inherit>>"
"""What Cobbler says where a system leaves something to its profile."""
RENEW = ("invalid token", "did not have the correct format")
HEADERS = {"Content-Type": "text/xml", "Accept-Encoding": "identity", "User-Agent": "fairground"}


@dataclass(frozen=True)
class System:
    """One computer as Cobbler knows it, without its secrets."""

    name: str
    addresses: frozenset[str]
    """Of its interfaces, and the names under which it is known in the network."""
    interface: str  # one of them; Cobbler wants to be told which, where there are several
    profile: str
    netboot: bool  # at its next start, it is installed
    has_power: bool  # Cobbler knows a switch for it
    meta: Mapping[str, Any] = field(default_factory=dict)  # what templates of installations are given

    def is_at(self, address: str) -> bool:
        """Is it the computer at this address, exactly?"""
        return plain(address) in self.addresses


class Cobbler:
    """One Cobbler. Logs in when it has to, and again when its token is not known any more."""

    def __init__(self, options: CobblerOptions) -> None:
        self.options = options
        self.token = ""

    def version(self, until: float) -> str:
        """Which one it is; `until`, here and below, is a moment of the monotonic clock. Logs in anew."""
        self.token = ""
        self.change("get_user_from_token", (), until)
        return str(self.ask("extended_version", (), until).get("version", ""))[:20]

    def profiles(self, until: float) -> frozenset[str]:
        """Names of what it can install."""
        return frozenset(str(one["name"]) for one in self.ask("get_profiles", (), until))

    def systems(self, until: float) -> Mapping[str, System]:
        """All of them by their exact names."""
        try:
            found = [system_of(one) for one in self.ask("get_systems", (), until)]
        except (KeyError, TypeError, AttributeError) as error:
            raise troubled("an answer that is none") from error
        return {one.name: one for one in found}

    def edit(self, system: System, until: float, **changed: Any) -> None:
        """Change a system and save it, in one call: it is so on Cobbler's disk, and in what it boots from, or not at all."""
        given = {**changed, "interface": system.interface} if system.interface else changed
        self.change("xapi_object_edit", ("system", system.name, "edit", given), until)

    def is_on(self, name: str, until: float) -> bool:
        """Ask its power switch."""
        handle = self.change("get_system_handle", (name,), until)
        return self.change("power_system", (handle, "status"), until) is True

    def power(self, name: str, wanted: str, until: float) -> None:
        """Ask Cobbler to switch it "on" or "off", and do not wait for it; whether it came about, `is_on` tells."""
        self.change("background_power_system", ({"systems": [name], "power": wanted},), until)

    # --- the wire ---------------------------------------------------------------------------------------------------

    def change(self, method: str, given: tuple[Any, ...], until: float) -> Any:
        """Ask for something that needs a login. A token that has become old is renewed, once."""
        if self.token:
            try:
                return self.ask(method, self._signed(method, given), until)
            except TryAgain as stop:
                if not any(words in str(stop.params.get("said")) for words in RENEW):
                    raise
        self.token = str(self.ask("login", (self.options.user, self.options.password.reveal), until))
        return self.ask(method, self._signed(method, given), until)

    def _signed(self, method: str, given: tuple[Any, ...]) -> tuple[Any, ...]:
        return (*given, self.token)

    def ask(self, method: str, given: tuple[Any, ...], until: float) -> Any:
        """One question, one answer. Raises TryAgain: away, in trouble, or it said no."""
        question = xmlrpc.client.dumps(given, method).encode()
        answer = self._post(question, until)
        if b"<!" in answer:
            raise troubled("an answer with declarations")
        try:
            [said], _ = xmlrpc.client.loads(answer)
        except xmlrpc.client.Fault as fault:
            raise troubled(self._without_secrets(str(fault.faultString))) from None
        except (ExpatError, xmlrpc.client.Error, ValueError, LookupError, TypeError) as error:
            raise troubled("an answer that is none") from error
        return said

    def _without_secrets(self, said: str) -> str:
        """Cobbler repeats what it was given."""
        for secret in filter(None, (self.token, self.options.password.reveal)):
            said = said.replace(secret, "••••")
        return " ".join(said.rpartition("'>:")[2].split()).strip("\"'")[:200]

    def _post(self, question: bytes, until: float) -> bytes:
        url = self.options.url
        try:
            with (
                httpx.Client(trust_env=False, follow_redirects=False, verify=self._trust, headers=HEADERS) as client,
                client.stream("POST", url, content=question, timeout=left(until)) as answer,
            ):
                if answer.status_code != httpx.codes.OK:
                    raise troubled(f"status {answer.status_code}")
                return body(answer, until)
        except httpx.TimeoutException:
            raise away("no answer in time") from None
        except httpx.HTTPError as broken:
            is_false = "CERTIFICATE_VERIFY_FAILED" in str(broken)
            raise away("its certificate is not one that this place trusts" if is_false else "no connection") from None

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cadata=self.options.authority or None)


def body(answer: httpx.Response, until: float) -> bytes:
    """What came, within the caps."""
    read = bytearray()
    for chunk in answer.iter_raw():
        read += chunk
        if len(read) > MOST:
            raise troubled("an answer that has no end")
        left(until)
    return bytes(read)


def left(until: float) -> float:
    """Seconds that are left."""
    if (seconds := until - time.monotonic()) <= 0:
        raise away("no answer in time")
    return seconds


def system_of(said: Mapping[str, Any]) -> System:
    """One system, read."""
    interfaces = said["interfaces"]
    names = [said.get("hostname"), *(one.get("dns_name") for one in interfaces.values())]
    addresses = [one.get(kind) for one in interfaces.values() for kind in ("ip_address", "ipv6_address")]
    meta = said.get("autoinstall_meta")
    return System(
        name=str(said["name"]),
        addresses=frozenset(plain(str(one)) for one in (*names, *addresses) if one),
        interface=min(interfaces, default=""),
        profile=str(said.get("profile", "")),
        netboot=said.get("netboot_enabled") is True,
        has_power=bool(said.get("power_type")),
        meta=meta if isinstance(meta, dict) else {},
    )


def plain(address: str) -> str:
    """An address in the one way in which it can be compared."""
    try:
        return str(ip_address(address))
    except ValueError:
        return address.lower().rstrip(".")


def away(said: str) -> TryAgain:
    """It does not answer. `host`: one of many, so nobody else begins to wait in vain for the whole place."""
    return TryAgain("place-away", blame=Blame.FABRIC, host="Cobbler", said=said)


def troubled(said: str) -> TryAgain:
    """It answers, and that does not help."""
    return TryAgain("place-troubled", blame=Blame.FABRIC, host="Cobbler", said=said)
