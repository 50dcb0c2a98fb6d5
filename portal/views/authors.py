"""For authors: how an app is made, a look at their repository before any curator looks, and the offer."""

from typing import Any

from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from catalog import checks
from catalog.admin import AppForm
from catalog.manifest import FILE, remarks
from catalog.models import App, Check
from portal.mail.letters import markdown
from portal.pages.figures import Evidence
from portal.requests import SignedInRequest
from portal.views.front import Stall

GUIDE = settings.BASE_DIR / "docs" / "add-an-app.md"


class CheckForm(AppForm):
    """A repository, as its author names it; that it is known already is no fault here."""

    class Meta(AppForm.Meta):
        fields = ["url", "ref"]
        labels = {"url": gettext_lazy("Address of your repository"), "ref": gettext_lazy("Branch")}
        help_texts = {"url": gettext_lazy("https://…, with a fairground.toml at its top"), "ref": ""}

    def validate_unique(self) -> None:
        """Whoever looks after an app on the shelf may check it, too."""


@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    """Show how an app is made; to whom is signed in also what became of their own."""
    return _page(request, CheckForm(initial={"ref": "HEAD"}))


@login_required
@require_POST
def check(request: SignedInRequest) -> HttpResponse:
    """Take a repository to be looked at; the page shows what was found when somebody has looked."""
    form = CheckForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    limited: HttpResponse | None = ratelimit.consume_or_429(request, action="check")
    if limited is not None:
        return limited
    checks.ask(form.cleaned_data["url"], form.cleaned_data["ref"], by=request.user, at=timezone.now())
    return redirect(f"{reverse('guide')}#found")


@login_required
@require_POST
def offer(request: SignedInRequest) -> HttpResponse:
    """Offer to the curators what was found right."""
    asked = Check.objects.filter(by=request.user).first()
    if asked and checks.offer(asked, at=timezone.now()):
        messages.success(request, _("Offered. A curator looks at it and decides; what they decide stands here."))
    return redirect(f"{reverse('guide')}#found")


def _page(request: HttpRequest, form: CheckForm) -> HttpResponse:
    asked = Check.objects.filter(by=request.user.pk).first()
    told: dict[str, Any] = {"form": form, "asked": asked, "guide": markdown(GUIDE.read_text().partition("\n")[2])}
    told["offered"] = App.objects.filter(added_by=request.user.pk or 0).select_related("current").order_by("-pk")[:20]
    if asked and asked.manifest:
        known = App.objects.filter(url=asked.url, ref=asked.ref).select_related("current").first()
        told |= {
            "known": known,
            "stall": Stall(known or App(slug=asked.manifest.id), asked.manifest, Evidence()),
            "remarks": remarks(asked.manifest, FILE),
        }
    return render(request, "authors/guide.html", told)
