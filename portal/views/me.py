"""A person's own room: who they are here, which mails they get, their data, and the way out."""

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.forms import LeaveForm, MailsForm, MeForm
from portal.pages.ways import ways_of
from portal.people import kept, languages, leaving
from portal.people.my_data import my_data
from portal.requests import SignedInRequest
from provisioning.models import House


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def me(request: SignedInRequest) -> HttpResponse:
    """Show and change what we know of somebody."""
    form = MeForm(request.POST or None, instance=request.user)
    if form.is_bound and form.is_valid():
        form.save()
        with override(request.user.reads):
            messages.success(request, _("Saved."))
        response = redirect("me")
        languages.remember(response, request.user.reads)
        return response
    told = {"form": form, "mails": MailsForm.of(request.user), "ways": ways_of(request.user)}
    return render(request, "me/me.html", told)


@login_required
@require_POST
def mails(request: SignedInRequest) -> HttpResponse:
    """Write down which mails somebody can do without."""
    form = MailsForm(request.POST)
    if form.is_valid():
        request.user.mails_off = form.off()
        request.user.save(update_fields=["mails_off"])
        messages.success(request, _("Saved."))
    return redirect("me")


@login_required
@require_safe
def data(request: SignedInRequest) -> HttpResponse:
    """Hand over all that we know of somebody."""
    told = {"Content-Disposition": 'attachment; filename="my-data.zip"'}
    return HttpResponse(my_data(request.user), content_type="application/zip", headers=told)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: SignedInRequest) -> HttpResponse:
    """Say what deleting oneself does; do it on the press."""
    person, at = request.user, timezone.now()
    is_last = leaving.is_last_administrator(person)
    form = LeaveForm(person, request.POST or None)
    if form.is_bound and form.is_valid() and not is_last:
        leaving.leave(person, at=at)
        leaving.forget(person, at)
        logout(request)
        return redirect("left")
    services = leaving.ending(person).select_related("event").order_by("expires_at", "pk")
    told = {
        "form": form,
        "services": services,
        "is_last": is_last,
        "handed_over": ", ".join(leaving.handed_over(person)),
    }
    return render(request, "me/leave.html", told)


@require_safe
def left(request: HttpRequest) -> HttpResponse:
    """Say goodbye."""
    return render(request, "me/left.html")


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """Say what is kept, why, and until when."""
    house = House.here()
    return render(request, "me/privacy.html", {"lines": kept.told(house), "house": house})
