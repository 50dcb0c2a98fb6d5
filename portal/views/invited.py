"""Coming in with an invitation, and waiting to be let in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from portal.models import Invitation
from portal.people.accounts import INVITATION
from provisioning.models import House


@require_http_methods(["GET", "HEAD", "POST"])
def invited(request: HttpRequest, code: str) -> HttpResponse:
    """Say whether an invitation is good; only the press takes it along to the sign-up."""
    is_good = Invitation.good(code, timezone.now()).exists()
    if request.method == "POST" and is_good:
        request.session[INVITATION] = code
        return redirect("account_signup")
    told = {"is_good": is_good, "house": House.here()}
    return render(request, "account/invited.html", told, status=200 if is_good else 404)


@require_safe
def waits(request: HttpRequest) -> HttpResponse:
    """Say that an administrator must say yes first."""
    return render(request, "account/waits.html", {"house": House.here()})
