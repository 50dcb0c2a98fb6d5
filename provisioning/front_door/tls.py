"""The encrypted door before the front door: one certificate for the portal's name and for all names of services.

It knows no service. It takes TLS off and passes on, to the portal or to the front door, which believe what it says about
the visitor because it speaks from this computer. Another proxy may stand in its place: see docs/production.md.
"""

from dataclasses import dataclass
from typing import Any

from provisioning.driver import Endpoint
from provisioning.front_door.closed import closed

Json = dict[str, Any]


@dataclass(frozen=True)
class Tls:
    """How people come in."""

    listen: str  # ":443"
    plain: str  # ":80", where everything is sent to https
    certificate: str = (
        ""  # file with the chain; "" = made by Caddy's internal authority, which browsers must be told of
    )
    key: str = ""


def servers(tls: Tls, portal_name: str, portal: Endpoint, apps_domain: str, front_door: str) -> Json:
    """Caddy's two servers for it."""
    portal_route = _route(portal_name, f"{portal.host}:{portal.port}")
    secure = {
        "listen": [tls.listen],
        "protocols": ["h1", "h2"],
        "automatic_https": {"disable": True},
        "read_header_timeout": "20s",
        "tls_connection_policies": [{}],
        "routes": [portal_route, _route(f"*.{apps_domain}", front_door)],
        "errors": {"routes": closed()},
    }
    port = tls.listen.rpartition(":")[2]
    where = "https://{http.request.host}" + ("" if port == "443" else f":{port}") + "{http.request.uri}"
    moved = {"handler": "static_response", "status_code": 308, "headers": {"Location": [where]}}
    return {
        "secure": secure,
        "plain": {
            "listen": [tls.plain],
            "automatic_https": {"disable": True},
            "read_header_timeout": "20s",
            "routes": [{"match": [{"host": [portal_name, f"*.{apps_domain}"]}], "handle": [moved]}],
        },
    }


def certificates(tls: Tls, portal_name: str, apps_domain: str) -> Json:
    """Caddy's part about certificates."""
    if tls.certificate:
        return {"certificates": {"load_files": [{"certificate": tls.certificate, "key": tls.key}]}}
    names = [portal_name, f"*.{apps_domain}"]
    return {
        "certificates": {"automate": names},
        "automation": {"policies": [{"subjects": names, "issuers": [{"module": "internal"}]}]},
    }


def _route(name: str, upstream: str) -> Json:
    proxy = {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": upstream}],
        "transport": {"protocol": "http", "dial_timeout": "3s"},
    }
    return {"match": [{"host": [name]}], "handle": [proxy], "terminal": True}
