"""Keys for programs: made, told once, ended; and the page that says how programs talk to us."""

from datetime import timedelta
from typing import ClassVar

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.models import Token
from portal.requests import SignedInRequest

MOST = 20


class TokenForm(forms.Form):
    """What a token is for, what it may, and until when."""

    LENGTHS: ClassVar = {
        "30": gettext_lazy("30 days"),
        "90": gettext_lazy("90 days"),
        "365": gettext_lazy("a year"),
    }
    name = forms.CharField(label=gettext_lazy("What is it for?"), max_length=60)
    may_change = forms.BooleanField(
        label=gettext_lazy("It may set up, restart and end services, and read their passwords"), required=False
    )
    days = forms.ChoiceField(label=gettext_lazy("For how long?"), choices=list(LENGTHS.items()), initial="90")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: SignedInRequest) -> HttpResponse:
    """Show somebody's tokens; make a new one and tell it this once."""
    at = timezone.now()
    form = TokenForm(request.POST or None)
    told = {"form": form, "tokens": request.user.tokens.filter(until__gt=at), "made": "", "site": settings.SITE_URL}
    if form.is_bound and form.is_valid():
        if told["tokens"].count() >= MOST:
            form.add_error(None, _("You have %(most)d tokens. End one that you do not need any more.") % {"most": MOST})
        else:
            given = form.cleaned_data
            until = at + timedelta(days=int(given["days"]))
            told["made"] = Token.make(request.user, given["name"], may_change=given["may_change"], until=until, at=at)
            told["form"] = TokenForm()
    return render(request, "me/tokens.html", told)


@login_required
@require_POST
def end(request: SignedInRequest, pk: int) -> HttpResponse:
    """End a token at once."""
    if request.user.tokens.filter(pk=pk).delete()[0]:
        messages.success(request, _("That token opens nothing any more."))
    return redirect("me-tokens")


@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    """Say how programs talk to us."""
    return render(request, "authors/api.html", {"site": settings.SITE_URL})
