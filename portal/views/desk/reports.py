"""What visitors report, and taking a service off its address."""

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import gate
from portal.desk import audit
from portal.mail import outbox
from portal.mail.letters import letter
from portal.requests import SignedInRequest
from portal.words import REASONS
from provisioning.models import Archive, Deployment, Report
from provisioning.phases import Decision, Phase, Wanted

SHOWN = 50
WAITS = gettext_lazy(
    "%(title)s waits to be set up: there is nothing of it that could be taken off yet. Nothing was decided; take it off as "
    "soon as it is being set up."
)


class DecisionForm(forms.Form):
    """What came of a report."""

    why = forms.CharField(
        label=gettext_lazy("Why it is taken off"),
        max_length=400,
        required=False,
        help_text=gettext_lazy("The organiser reads this. Say what is wrong, not who said so."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    answer = forms.CharField(
        label=gettext_lazy("Answer to whoever reported"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class WhyForm(forms.Form):
    """Why a service is taken off that nobody reported."""

    why = DecisionForm.base_fields["why"]


@gate.counter
@require_safe
def reports(request: SignedInRequest) -> HttpResponse:
    """Show what waits, what is taken off, and what was decided."""
    read = Report.objects.select_related("deployment__event", "decided_by")
    could_come_again = Q(phase=Phase.GONE, archives__in=Archive.objects.filter(**gate.KEPT))
    off = Deployment.objects.filter(Q(wanted=Wanted.UP) | could_come_again, suspend_wanted=True)
    shut = off.select_related("event", "owner").distinct()
    told = {
        "open": read.filter(decision=Decision.OPEN).order_by("at", "pk")[:SHOWN],
        "shut": shut.order_by("-suspended_at", "-pk")[:SHOWN],
        "decided": read.exclude(decision=Decision.OPEN).order_by("-decided_at", "-pk")[:SHOWN],
        "zone": request.user.zone,
    }
    return render(request, "desk/reports.html", told)


@gate.counter
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show one report; take its service off, or leave it, and answer."""
    found = get_object_or_404(Report.objects.select_related("deployment__event__owner", "deployment__owner"), pk=pk)
    form = DecisionForm(request.POST or None)
    if form.is_bound and form.is_valid():
        is_off = "suspend" in request.POST and found.deployment is not None
        _decide(request, found, is_off=is_off, **form.cleaned_data)
        return redirect("desk-reports")
    others = Report.objects.filter(deployment=found.deployment).exclude(pk=pk) if found.deployment else []
    told = {"report": found, "reason": REASONS[found.reason], "form": form, "others": others, "zone": request.user.zone}
    return render(request, "desk/report.html", told)


@gate.counter
@require_http_methods(["GET", "HEAD", "POST"])
def suspend(request: SignedInRequest, key: str) -> HttpResponse:
    """Say what will happen; then take a service off its address."""
    service = _service(key)
    form = WhyForm(request.POST or None)
    if form.is_bound and form.is_valid():
        _suspend(request, service, form.cleaned_data["why"])
        return redirect("desk-reports")
    return render(request, "desk/suspend.html", {"service": service, "form": form})


@gate.counter
@require_POST
def lift(request: SignedInRequest, key: str) -> HttpResponse:
    """Open a service again that was taken off, or let the copies of one that is gone be put up again."""
    service, at = _service(key), timezone.now()
    if service.lift(by=request.user, at=at):
        audit.write("lift", service, by=request.user, at=at)
        told = _("%(title)s may be put up again.") if service.is_gone else _("%(title)s is being opened again.")
        messages.success(request, told % {"title": service})
    return redirect("desk-reports")


@transaction.atomic
def _decide(request: SignedInRequest, found: Report, *, is_off: bool, why: str, answer: str) -> None:
    at, mail = timezone.now(), found.mail
    if is_off and found.deployment and _waits(found.deployment):
        messages.warning(request, WAITS % {"title": found.deployment})
        return
    decision = Decision.SUSPENDED if is_off else Decision.ANSWERED
    if not found.decide(decision, answer=answer, by=request.user, at=at):
        messages.info(request, _("Somebody has decided about it already."))
        return
    if is_off and found.deployment:
        _suspend(request, found.deployment, why or str(REASONS[found.reason]))
    else:
        audit.write("answer", found, by=request.user, at=at, told=answer)
        messages.success(request, _("It stays as it is."))
    if mail:
        with override(found.language or get_language()):
            outbox.put(letter("report_answer", {"report": found, "is_off": is_off, "answer": answer}), mail, at=at)


def _waits(service: Deployment) -> bool:
    """It has no machine yet and will get one: it cannot be suspended, and opens by itself. No other ever waits again."""
    return service.wanted == Wanted.UP and service.phase == Phase.WAITING


def _suspend(request: SignedInRequest, service: Deployment, why: str) -> None:
    at = timezone.now()
    if service.suspend(by=request.user, why=why, at=at):
        audit.write("suspend", service, by=request.user, at=at, told=why)
        ends = _("%(title)s has ended, and cannot be put up again until you let it.")
        runs = _("%(title)s is being taken off. Its organiser is told why.")
        messages.success(request, (runs if service.wanted == Wanted.UP else ends) % {"title": service})
    else:
        messages.info(
            request, _("%(title)s is off already, or has nothing that could be taken off.") % {"title": service}
        )


def _service(key: str) -> Deployment:
    found = Deployment.objects.select_related("event", "owner").filter(key=key).first()
    if found is None:
        raise Http404
    return found
