"""Off to a provider, and what comes back from it goes to allauth."""

import secrets

from allauth.account.utils import get_next_redirect_url
from allauth.core import ratelimit
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.github.views import oauth2_callback
from allauth.socialaccount.providers.openid_connect.views import callback
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_POST
from requests import RequestException

from portal.people import providers


@require_POST
def go(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Send somebody to a provider, with a state, a nonce and a PKCE challenge that only this session knows.

    By a page of its own: a form that leads away by itself would have to be allowed in our headers, to all the hosts that a
    provider leads on to.
    """
    name = providers.names().get(provider_id)
    if name is None:
        raise Http404
    limited: HttpResponse | None = ratelimit.consume_or_429(request, action="elsewhere")
    if limited is not None:
        return limited
    provider = get_adapter().get_provider(request, provider_id)
    nonce = secrets.token_urlsafe(24)
    told = {"time_zone": request.POST.get("time_zone", "")[:64]}
    process = AuthProcess.CONNECT if request.user.is_authenticated else AuthProcess.LOGIN
    where = get_next_redirect_url(request)
    try:
        answer = provider.redirect(request, process, where, told, auth_params={"nonce": nonce}, nonce=nonce)
    except (RequestException, KeyError, ValueError) as error:  # it is not there, or says nothing that we understand
        return render_authentication_error(request, provider, exception=error)  # type: ignore[no-any-return]
    return render(request, "socialaccount/leaving.html", {"name": name, "where": answer.url})


BACK = [
    path("accounts/oidc/<str:provider_id>/login/callback/", callback, name="openid_connect_callback"),
    path("accounts/github/login/callback/", oauth2_callback, name="github_callback"),
]
"""Addresses that providers are told to come back to (docs/production.md)."""
