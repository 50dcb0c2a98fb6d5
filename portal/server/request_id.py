"""Every request has an id, made at the door: it is in the answer's headers and in all lines about what came of it."""

import logging
import secrets
import time
from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from portal.server.log_lines import request_id

HEADER = "X-Request-Id"
Answer = Callable[[HttpRequest], HttpResponseBase]
AsyncAnswer = Callable[[HttpRequest], Awaitable[HttpResponseBase]]

log = logging.getLogger(__name__)


@sync_and_async_middleware
def with_id(get_response: Answer | AsyncAnswer) -> Answer | AsyncAnswer:
    """Give the request its id, and tell of it when it is answered, on both kinds of server."""
    if iscoroutinefunction(get_response):

        async def answer_later(request: HttpRequest) -> HttpResponseBase:
            began = _begin()
            response: HttpResponseBase = await get_response(request)
            return _tell(request, response, began)

        return answer_later

    def answer(request: HttpRequest) -> HttpResponseBase:
        began = _begin()
        response: HttpResponseBase = get_response(request)  # type: ignore[assignment]
        return _tell(request, response, began)

    return answer


def _begin() -> float:
    request_id.set(secrets.token_hex(8))
    return time.perf_counter()


def _tell(request: HttpRequest, response: HttpResponseBase, began: float) -> HttpResponseBase:
    response.headers[HEADER] = request_id.get()
    seconds = round(time.perf_counter() - began, 4)
    # The route, not the path: a path may hold the code of an invitation.
    route = request.resolver_match.route if request.resolver_match else ""
    if not request.path.startswith(settings.STATIC_URL):
        told = {"method": request.method, "route": route, "status": response.status_code, "seconds": seconds}
        log.info("%s /%s %s", request.method, route, response.status_code, extra=told)
    request_id.set("")  # what this thread does next is another's
    return response
