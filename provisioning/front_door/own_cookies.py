"""Cookies of services that share one host name, on a local network without DNS.

Browsers send the cookies of a host to every port of it. So each service's cookies are kept apart by their names: to the
browser they begin with the service's port, and the service sees only its own, without that. The portal's cookies begin
with no port: no service ever sees them, and none can set one by an answer. What a page's own script writes stays in the
browser.
"""

from typing import Any

PREFIX = "s{http.request.port}-"
"""Caddy's word for the port in the Host header; browsers do not let pages forge that."""
MINE = "\x01"
"""No client can send this character in a header, so a cookie's own name never looks like it."""


def apart() -> dict[str, Any]:
    """Caddy's handler for it, to stand before whatever answers."""
    only_mine = [
        {"search_regexp": "^", "replace": "; "},
        {"search_regexp": r";\s*", "replace": "; "},
        {"search": f"; {PREFIX}", "replace": f"; {MINE}"},
        {"search_regexp": rf"; [^{MINE};][^;]*", "replace": ""},
        {"search": MINE, "replace": ""},
        {"search_regexp": r"^[;\s]+", "replace": ""},
    ]
    named = [{"search_regexp": r"^\s*", "replace": PREFIX}]
    return {
        "handler": "headers",
        "request": {"replace": {"Cookie": only_mine}},
        "response": {"deferred": True, "replace": {"Set-Cookie": named}},
    }
