"""How a program comes in: a token in a header, never in an address; no cookie counts here, so no page can borrow one."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from allauth.core import ratelimit
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt

from portal.models import Token
from portal.requests import SignedInRequest

P = ParamSpec("P")
LARGEST = 256 * 1024
"""Bytes of a question."""

PROBLEMS = {
    "no-token": (401, _("Send a token of yours: Authorization: Bearer fair_…")),
    "token-refused": (401, _("This token is not known here any more. Make a new one on the page about you.")),
    "token-only-looks": (403, _("This token may look and change nothing.")),
    "not-there": (404, _("There is nothing here for you under this address.")),
    "wrong-method": (405, _("This address does not take that method.")),
    "not-json": (400, _("The question is not a JSON object.")),
    "too-large": (413, _("The question is larger than 256 KiB.")),
    "too-often": (429, _("That was too often. Nothing was changed; go on in a minute.")),
    "not-right": (422, _("Something in the question is not right; nothing was begun.")),
    "not-possible": (409, _("That was asked for already, or it is not possible now.")),
}


class Refused(Exception):  # noqa: N818 - it reads as what it says
    """A question that gets no answer but this one."""

    def __init__(self, problem: str, **more: Any) -> None:
        super().__init__(problem)
        self.problem, self.more = problem, more

    def answer(self) -> JsonResponse:
        """Say it."""
        status, told = PROBLEMS[self.problem]
        return JsonResponse({"problem": self.problem, "told": told, **self.more}, status=status)


def spoken(
    **views: Callable[Concatenate[SignedInRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """One address for programs: `get=` looks, `post=` changes. Every refusal is JSON."""

    @csrf_exempt
    @wraps(next(iter(views.values())))
    def answered(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            view = views.get((request.method or "").lower())
            if view is None:
                raise Refused("wrong-method")
            _let_in(request)
            if not ratelimit.consume(request, action="api"):  # looks are cheap, and not counted
                raise Refused("too-often")
            return view(request, *args, **kwargs)  # type: ignore[arg-type]  # it is signed in now
        except Refused as refused:
            return refused.answer()
        except Http404:
            return Refused("not-there").answer()

    return answered


def question(request: HttpRequest) -> dict[str, Any]:
    """What a program asks, as a JSON object. Raises Refused."""
    if int(request.headers.get("Content-Length") or 0) > LARGEST:
        raise Refused("too-large")
    try:
        asked = json.loads(request.body or b"{}")
    except (ValueError, RecursionError) as error:
        raise Refused("not-json") from error
    if not isinstance(asked, dict):
        raise Refused("not-json")
    return asked


def _let_in(request: HttpRequest) -> None:
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not secret:
        raise Refused("no-token")
    token = Token.known(secret.strip(), timezone.now())
    if token is None:
        raise Refused("token-refused")
    if request.method != "GET" and not token.may_change:
        raise Refused("token-only-looks")
    request.user = token.owner
