"""Anybody may say that something is wrong at an address. No account is needed; a person reads it."""

from typing import Any

from allauth.core import ratelimit
from django import forms
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from portal import gate
from portal.mail import outbox
from portal.mail.letters import letter
from portal.models import User
from portal.words import REASONS
from provisioning.models import Report

HOST_MOST = 253


class ReportForm(forms.Form):
    """What is wrong where, and where an answer goes."""

    host = forms.CharField(
        label=_("Which address?"),
        max_length=HOST_MOST,
        help_text=_("As it stands in the browser's address line, like auction-1a2b3c.fair.example"),
    )
    reason = forms.ChoiceField(label=_("What is wrong?"), choices=list(REASONS.items()), widget=forms.RadioSelect)
    words = forms.CharField(
        label=_("What should we know?"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    email = forms.EmailField(
        label=_("Your mail address"),
        max_length=254,
        required=False,
        help_text=_("Only if you want an answer. It is forgotten once you have it."),
    )
    homepage = forms.CharField(required=False, widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}))
    """Nobody sees this field; only a program fills it in."""

    def clean_host(self) -> str:
        """Take an address with or without what stands before and behind it. A port counts only where there are no names."""
        given: str = self.cleaned_data["host"]
        host = given.rpartition("://")[2].partition("/")[0].lower()
        name = host.partition(":")[0]
        return name if name.endswith(f".{settings.APPS_DOMAIN}") else host

    @property
    def is_by_a_program(self) -> bool:
        """Whether the field that nobody sees was filled in."""
        return bool(self.cleaned_data["homepage"])


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Ask what is wrong, and say what will happen; then say that it has come."""
    if "thanks" in request.GET:
        return render(request, "report/thanks.html")
    host = request.GET.get("host", "")[:HOST_MOST]
    form = ReportForm(request.POST or None, initial={"host": host})
    if form.is_bound and form.is_valid():
        limited: HttpResponse | None = ratelimit.consume_or_429(request, action="report")
        if limited is not None:
            return limited
        if not form.is_by_a_program:
            _take(form.cleaned_data)
        return redirect(f"{reverse('report')}?thanks")
    return render(request, "report/report.html", {"form": form, "host": host})


@transaction.atomic
def _take(given: dict[str, Any]) -> None:
    """Keep it, and tell the people behind the counter."""
    found, at = gate.service_at(given["host"]), timezone.now()
    taken = Report.objects.create(
        host=given["host"],
        deployment=found,
        reason=given["reason"],
        words=given["words"],
        mail=given["email"],
        language=get_language() or "",
        at=at,
    )
    told = {"report": taken, "reason": REASONS[taken.reason], "deployment": found}
    for person in User.objects.filter(is_staff=True, is_active=True).exclude(email="").order_by("pk"):
        outbox.put(letter("report", told | {"to": person}), person.email, at=at)
