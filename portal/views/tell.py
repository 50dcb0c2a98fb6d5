"""Telling an app's maintainer that it did not start: a page that shows what would be sent, and one button that sends it."""

from hashlib import sha256

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from catalog.manifest import Maintainer
from portal import gate
from portal.mail import maintainer
from portal.mail.letters import Letter
from portal.models import User
from portal.requests import SignedInRequest
from provisioning.models import Deployment


class TellForm(forms.Form):
    """Whether they want an answer, and which letter they have read."""

    back = forms.BooleanField(label=_("They may write back to me"), required=False)
    read = forms.CharField(widget=forms.HiddenInput)

    @classmethod
    def under(cls, mail: Letter, writer: User) -> "TellForm":
        """As it stands under a letter."""
        form = cls(initial={"read": digest_of(mail)})
        told = {"name": writer.called, "mail": writer.email}
        form.fields["back"].help_text = _now("Then your name and mail address stand in it: %(name)s, %(mail)s.") % told
        return form


def digest_of(mail: Letter) -> str:
    """By which a letter that was shown is known again."""
    return sha256(f"{mail.subject}\n{mail.text}".encode()).hexdigest()


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tell(request: SignedInRequest, key: str) -> HttpResponse:
    """Show the letter; on the press, send it, if it is still the one that was shown."""
    deployment, at = gate.changeable_deployment(request.user, key), timezone.now()
    to = maintainer.who_is_told(deployment)
    if to is None or maintainer.told_at(deployment):
        return redirect("service", key=key)
    mail, given = maintainer.written(deployment, to), TellForm(request.POST)
    if request.method == "POST" and given.is_valid():
        if given.cleaned_data["read"] == digest_of(mail):
            wants_answer = given.cleaned_data["back"]
            return _send(
                request, deployment, to, maintainer.written(deployment, to, request.user) if wants_answer else mail
            )
        messages.info(request, _now("More was printed meanwhile. Nothing was sent yet; this is what it would be now."))
    told = {"to": to, "mail": mail, "form": TellForm.under(mail, request.user)}
    told |= {"deployment": deployment, "why_not": maintainer.why_not(deployment, to, request.user, at)}
    return render(request, "services/tell.html", told)


def _send(request: SignedInRequest, deployment: Deployment, to: Maintainer, mail: Letter) -> HttpResponse:
    at = timezone.now()
    if maintainer.tell(deployment, to, mail, by=request.user, at=at):
        messages.success(request, _now("It is on its way to %(name)s.") % {"name": to.name})
    else:
        messages.info(request, maintainer.why_not(deployment, to, request.user, at))
    return redirect("service", key=deployment.key)
