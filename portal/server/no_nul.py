"""No name, word or key here has a NUL in it, and PostgreSQL takes none in a text: whoever sends one is told so at the door."""

from collections.abc import Awaitable, Callable
from urllib.parse import unquote

from asgiref.sync import iscoroutinefunction
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

Answer = Callable[[HttpRequest], HttpResponseBase]
AsyncAnswer = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def without_nul(get_response: Answer | AsyncAnswer) -> Answer | AsyncAnswer:
    """Let nothing through whose address or cookies hold one, on both kinds of server. Forms see to their own fields."""
    if iscoroutinefunction(get_response):

        async def answer_later(request: HttpRequest) -> HttpResponseBase:
            _check(request)
            response: HttpResponseBase = await get_response(request)
            return response

        return answer_later

    def answer(request: HttpRequest) -> HttpResponseBase:
        _check(request)
        return get_response(request)  # type: ignore[return-value]

    return answer


def _check(request: HttpRequest) -> None:
    if any("\0" in told for told in (request.path, unquote(request.META["QUERY_STRING"]), *request.COOKIES.values())):
        raise BadRequest("NUL in an address or a cookie")
