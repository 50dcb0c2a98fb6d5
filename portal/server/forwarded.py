"""What proxies say about visitors: believed from those that the settings name, taken away from everybody else."""

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, cast

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

Scope = MutableMapping[str, Any]
Application = Callable[[Any, Any, Any], Awaitable[None]]

CLAIMS = (b"forwarded", b"x-real-ip", b"x-client-ip", b"x-fairground-proxied")
CLAIMS_BEGIN = b"x-forwarded-"
MARK = "X-Fairground-Proxied"
"""Left where claims were taken away: whoever made them came through a proxy, and is not at this computer."""


def behind(application: Application, trusted: Sequence[str]) -> Application:
    """The application as it is to be served: it finds visitor and scheme where they belong, and nothing that is a claim.

    `trusted`: addresses and networks of proxies, "127.0.0.1" or "10.0.0.0/8".
    """
    return ProxyHeadersMiddleware(cast("Any", _without_claims(application)), list(trusted))


def _without_claims(application: Application) -> Application:
    async def serve(scope: Scope, receive: Any, send: Any) -> None:
        if "headers" in scope:
            kept = [(name, text) for name, text in scope["headers"] if not _is_claim(name)]
            if len(kept) < len(scope["headers"]):
                kept.append((MARK.lower().encode(), b"1"))
            scope = {**scope, "headers": kept}
        await application(scope, receive, send)

    return serve


def _is_claim(name: bytes) -> bool:
    return name in CLAIMS or name.startswith(CLAIMS_BEGIN)
