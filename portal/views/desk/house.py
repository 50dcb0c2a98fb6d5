"""The rules of the house: who may make an account, what one person gets, how long things are kept."""

from datetime import date, datetime, timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal import gate
from portal import house as this_house
from portal.desk import audit
from portal.desk.house_forms import AllowanceForm, HouseForm, InviteForm
from portal.models import Invitation, User
from portal.people import accounts
from portal.requests import SignedInRequest
from provisioning.models import Allowance, House

SHOWN = 50
USUAL = timedelta(days=14)


@gate.administrators
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: SignedInRequest) -> HttpResponse:
    """Show and change the rules of the house."""
    form = HouseForm(request.POST or None, instance=House.here())
    if form.is_bound and form.is_valid():
        form.save()
        this_house.changed()
        audit.write("settings", form.instance, by=request.user, at=timezone.now(), told=", ".join(form.changed_data))
        messages.success(request, _("Saved."))
        return redirect("desk-settings")
    return render(request, "desk/settings.html", {"form": form})


@gate.administrators
@require_http_methods(["GET", "HEAD", "POST"])
def invitations(request: SignedInRequest) -> HttpResponse:
    """Show the invitations that are still good, and make a new one."""
    at = timezone.now()
    form = InviteForm(request.user.zone, at, request.POST or None, initial={"last_day": _in(USUAL, request, at)})
    if form.is_bound and form.is_valid():
        made = Invitation.objects.create(
            most=form.cleaned_data["most"], until=form.until, by=request.user, created_at=at
        )
        audit.write("invite", made.pk, by=request.user, at=at, told=str(made.most))
        return redirect("desk-invitations")
    good = Invitation.objects.filter(until__gt=at).select_related("by")[:SHOWN]
    told = {"form": form, "invitations": good, "zone": request.user.zone, "house": House.here()}
    return render(request, "desk/invitations.html", told)


@gate.administrators
@require_POST
def end_invitation(request: SignedInRequest, pk: int) -> HttpResponse:
    """Let nobody in with this invitation any more."""
    Invitation.objects.filter(pk=pk).delete()
    messages.success(request, _("That link lets nobody in any more."))
    return redirect("desk-invitations")


@gate.administrators
@require_POST
def let_in(request: SignedInRequest, pk: int) -> HttpResponse:
    """Let somebody in who waits."""
    person = get_object_or_404(User, pk=pk)
    if accounts.let_in(person, by=request.user, at=timezone.now()):
        messages.success(request, _("%(who)s is in, and was told by mail.") % {"who": person.called})
    return redirect("desk-people")


@gate.administrators
@require_http_methods(["GET", "HEAD", "POST"])
def allowance(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show and change what one person may use at once."""
    person = get_object_or_404(User, pk=pk)
    known = Allowance.objects.filter(person=person).first() or Allowance(person=person)
    form = AllowanceForm(request.POST or None, instance=known)
    if form.is_bound and form.is_valid():
        form.save()
        audit.write("allowance", person, by=request.user, at=timezone.now(), told=", ".join(form.changed_data))
        messages.success(request, _("Saved."))
        return redirect("desk-people")
    return render(request, "desk/allowance.html", {"form": form, "person": person})


def _in(span: timedelta, request: SignedInRequest, at: datetime) -> date:
    return (at + span).astimezone(request.user.zone).date()
