"""The part of Caddy's configuration that never changes while it runs.

Every address is one entry of one map, host name to upstream, so a change stays small and Caddy itself refuses a second
line for the same host. What has no line, or does not answer, gets a page of the portal; while the portal is away, one
that Caddy has itself (closed.py).

A change cuts no download that is under way, but Caddy 2.6 closes open websockets (code 1001, "going away"); their
programs connect again by themselves.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from provisioning.driver import Endpoint
from provisioning.front_door import own_cookies, tls, visits
from provisioning.front_door.closed import DOOR_HEADER, closed, sentence
from provisioning.front_door.tls import Tls
from provisioning.front_door.visits import Visits

LINES = "lines"  # @id of the map
UPSTREAM = "{door.upstream}"

Json = dict[str, Any]


@dataclass(frozen=True)
class Base:
    """What the front door must know from the settings."""

    admin: str  # where its own admin API listens, "unix//run/…/caddy.sock"
    listen: str  # "127.0.0.1:8080"
    apps_domain: str  # "apps.localhost"
    portal: Endpoint  # where the portal listens
    portal_host: str  # the name the portal answers to, "localhost:8000"
    lan: str = ""  # "192.168.1.5:8100-8399": no names here, each service has one of these ports; "" = they have names
    trusted: Sequence[str] = ()  # addresses of proxies before it, whose X-Forwarded-* are true
    tls: Tls | None = None  # the encrypted door before it
    visits: Visits | None = None  # where it notes visitors; None = it counts nobody

    @property
    def host(self) -> str:
        """Caddy's word for what tells one address from another."""
        return "{http.request.hostport}" if self.lan else "{http.request.host}"

    @property
    def ours(self) -> str:
        """A pattern of the addresses that are ours."""
        if self.lan:
            return rf"^{re.escape(self.lan.rpartition(':')[0])}:[0-9]+$"
        return rf"(?i)^[a-z0-9-]+\.{re.escape(self.apps_domain)}\.?(:[0-9]+)?$"


def base_config(base: Base, lines: Sequence[Mapping[str, Any]] = ()) -> Json:
    """Caddy's whole configuration, with these entries of the map."""
    apps: Json = {"http": {"grace_period": "5s", "servers": {"doors": _server(base, lines)}}}
    if base.tls:
        name = base.portal_host.partition(":")[0]
        apps["http"]["servers"] |= tls.servers(base.tls, name, base.portal, base.apps_domain, base.listen)
        apps["tls"] = tls.certificates(base.tls, name, base.apps_domain)
        apps["pki"] = {"certificate_authorities": {"local": {"install_trust": False}}}
    return {
        "admin": {"listen": base.admin, "origins": ["fairground"]},
        "logging": {"logs": _logs(base.visits)},
        "apps": apps,
    }


def _logs(counted: Visits | None) -> Json:
    if counted is None:
        return {"default": {"level": "WARN"}}
    return {"default": {"level": "WARN", "exclude": [visits.LOGGER]}, visits.MARKS: visits.log(counted)}


def _server(base: Base, lines: Sequence[Mapping[str, Any]]) -> Json:
    apart = [own_cookies.apart()] if base.lan else []
    marks = [visits.marking()] if base.visits else []
    counted: Json = {"logs": {"default_logger_name": visits.MARKS}} if base.visits else {}
    lookup = {"@id": LINES, "handler": "map", "source": base.host, "destinations": [UPSTREAM]}
    return counted | {
        "listen": [base.listen, *([base.lan] if base.lan else [])],
        "protocols": ["h1"],
        "automatic_https": {"disable": True},
        "read_header_timeout": "20s",
        "idle_timeout": "2m",
        "routes": [
            {"handle": [lookup | {"mappings": list(lines), "defaults": [""]}, *apart, *marks]},
            *_clean(base.trusted),
            *([visits.robots()] if base.visits else []),
            {"match": [{"not": [{"vars": {UPSTREAM: [""]}}]}], "handle": [_service(base)], "terminal": True},
            *_portal_page(base, "none"),
        ],
        "errors": {"routes": _portal_page(base, "down")},
    }


def _clean(trusted: Sequence[str]) -> list[Json]:
    """What a client says about where it comes from is a claim, unless it is a trusted proxy; ours are facts."""
    always: Json = {"handler": "headers", "request": {"delete": ["Forwarded", "X-Real-Ip", "X-Fairground-*"]}}
    claims: Json = {"handler": "headers", "request": {"delete": ["X-Forwarded-*"]}}
    strangers: Json = {"match": [{"not": [{"remote_ip": {"ranges": list(trusted)}}]}]} if trusted else {}
    return [{"handle": [always]}, {**strangers, "handle": [claims]}]


def _service(base: Base) -> Json:
    believed: Json = {"trusted_proxies": list(base.trusted)} if base.trusted else {}
    return {
        "handler": "reverse_proxy",
        **believed,
        "upstreams": [{"dial": UPSTREAM}],
        "transport": {"protocol": "http", "dial_timeout": "3s", "response_header_timeout": "2m"},
        # A gateway's error inside the service, shown to a browser: our page says it better. Programs get what was said.
        "handle_response": [
            {
                "match": {"status_code": [502, 503, 504]},
                "routes": [
                    {
                        "match": [{"header": {"Accept": ["*text/html*"]}}],
                        "handle": [{"handler": "error", "status_code": "{http.reverse_proxy.status_code}"}],
                        "terminal": True,
                    },
                    {"handle": [{"handler": "copy_response"}]},
                ],
            }
        ],
    }


def _portal_page(base: Base, reason: str) -> list[Json]:
    """The portal's page about this address, whatever was asked. It never sees the visitor's cookies for the service."""
    told = {"X-Fairground-Door": [reason], "Host": [base.portal_host]}
    ask = {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": f"{base.portal.host}:{base.portal.port}"}],
        "transport": {"protocol": "http", "dial_timeout": "3s", "response_header_timeout": "10s"},
        "headers": {
            "request": {"set": told, "delete": ["Cookie", "Authorization", "Content-Type", "Range", "If-*", "Upgrade"]},
            "response": {"set": {DOOR_HEADER: [reason], "Cache-Control": ["no-store"]}, "delete": ["Set-Cookie"]},
        },
    }
    uncounted = [visits.NOT_COUNTED] if base.visits else []
    page = [*uncounted, {"handler": "rewrite", "method": "GET", "uri": f"/door/{base.host}?"}, ask]
    return [
        {
            "match": [{"header_regexp": {"Host": {"pattern": base.ours}}}],
            "handle": [{"handler": "subroute", "routes": [{"handle": page}], "errors": {"routes": closed()}}],
            "terminal": True,
        },
        {"handle": [sentence(404, "none", "There is nothing at this address.")], "terminal": True},
    ]
