"""Joining an event: with a code from a wall, from a card, or said aloud."""

from datetime import datetime

from allauth.core import ratelimit
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from portal.people import joining
from provisioning.models import JoiningCode, Membership


class JoinForm(forms.Form):
    """What somebody wants to be called in an event."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=60,
        help_text=_("Whoever organises it sees this name, and not your mail address."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


@require_safe
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for the code, and go where it leads."""
    typed = JoiningCode.read(request.GET.get("code", ""))
    return redirect("join", code=typed) if typed else render(request, "join/ask.html")


@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, code: str) -> HttpResponse:
    """Say which event this is; on the press, join it, after signing in or up if need be."""
    # Wrong codes are counted, and whoever has tried too many learns nothing more, not even of a right one.
    if (limited := _limited(request, dry_run=True)) is not None:
        return limited
    known, at = joining.find(code), timezone.now()
    if known is None:
        return _limited(request) or render(request, "join/wrong.html", {"typed": code[:20]}, status=404)
    if request.user.is_authenticated and known.event.memberships.filter(person=request.user).exists():
        return redirect("event", key=known.event.key)
    if not known.is_good(at):
        return render(
            request, "join/old.html", {"event": known.event, "is_over": known.event.closes_at <= at}, status=410
        )
    return _welcome(request, known, at)


def _welcome(request: HttpRequest, known: JoiningCode, at: datetime) -> HttpResponse:
    event = known.event
    called = request.user.first_name if request.user.is_authenticated else ""
    form = JoinForm(request.POST or None, initial={"name": called})
    if Membership.objects.filter(event=event).count() >= event.most_people:
        return render(request, "join/full.html", {"event": event}, status=409)
    if not (form.is_bound and (form.is_valid() or "sign-in" in request.POST)):
        return render(request, "join/join.html", {"event": event, "code": known, "form": form})
    joining.press(request, known, form.cleaned_data.get("name", ""), at)
    if not request.user.is_authenticated:
        return redirect("account_login" if "sign-in" in request.POST else "account_signup")
    if joining.settle(request, request.user, at):
        messages.success(request, _now("You are in."))
        return redirect("event", key=event.key)
    return redirect("join", code=known.code)  # somebody else was quicker, and it is full now


def _limited(request: HttpRequest, **how: bool) -> HttpResponse | None:
    limited: HttpResponse | None = ratelimit.consume_or_429(request, action="join", limit_get=True, **how)
    return limited
