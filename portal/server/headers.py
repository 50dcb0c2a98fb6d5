"""What every answer says to the browser: where code may come from, what may be kept, who may frame it."""

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FOR_ADMIN = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""unfold's pages carry inline scripts and evaluate expressions; nothing but /admin/ gets this."""

Answer = Callable[[HttpRequest], HttpResponseBase]
AsyncAnswer = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


def dress(request: HttpRequest, response: HttpResponseBase) -> None:
    """Add the headers, keeping what a view has set itself."""
    response.headers.setdefault("Content-Security-Policy", FOR_ADMIN if request.path.startswith("/admin/") else STRICT)
    response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
    # The front door shows its own pages under other names than ours, and they wear our clothes.
    is_static = request.path.startswith(settings.STATIC_URL)
    response.headers.setdefault("Cross-Origin-Resource-Policy", "cross-origin" if is_static else "same-origin")
    if settings.SESSION_COOKIE_NAME in request.COOKIES and not is_static:
        response.headers.setdefault("Cache-Control", "no-store, private")


@sync_and_async_middleware
def headers(get_response: Answer | AsyncAnswer) -> Answer | AsyncAnswer:
    """Dress every response, on both kinds of server."""
    if iscoroutinefunction(get_response):

        async def answer_later(request: HttpRequest) -> HttpResponseBase:
            response: HttpResponseBase = await get_response(request)
            dress(request, response)
            return response

        return answer_later

    def answer(request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = get_response(request)  # type: ignore[assignment]
        dress(request, response)
        return response

    return answer
