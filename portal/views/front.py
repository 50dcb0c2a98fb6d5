"""What everybody may see: the front page, the shelf, an app."""

from dataclasses import dataclass
from urllib.parse import urlencode

from allauth.core import ratelimit
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from catalog.manifest import Manifest
from catalog.models import App, State, Wish
from portal import gate
from portal.mail.letters import markdown
from portal.pages.figures import Evidence, evidence
from portal.pages.places import NOBODY, offers
from portal.people import trials
from portal.requests import SignedInRequest
from provisioning.models import Event

ON_FRONT = 3
FOR = "for"
"""What an address calls the event that a service is to be added to, on the way to its launch."""
AWNINGS = {
    "auction": "plum", "shop": "plum", "games": "plum",
    "wiki": "slate", "documents": "slate", "notes": "slate", "site": "slate",
    "photos": "rust", "files": "rust", "forms": "rust",
    "calendar": "moss", "office": "moss", "polls": "moss",
}  # fmt: skip
"""The colour of a stall's awning by the app's category; teal where nothing is said."""


@dataclass(frozen=True)
class Stall:
    """An app as its card shows it."""

    app: App
    manifest: Manifest
    evidence: Evidence

    @property
    def awning(self) -> str:
        """The colour of its awning."""
        return AWNINGS.get(self.manifest.category, "teal")

    @property
    def icon(self) -> str:
        """Where its author's drawing is; empty = there is none."""
        return self._picture(0) if self.manifest.icon else ""

    @property
    def screenshots(self) -> list[tuple[str, str]]:
        """Its author's pictures: where each is, and what it shows."""
        return [(self._picture(number), shot.alt) for number, shot in enumerate(self.manifest.screenshots, 1)]

    def _picture(self, number: int) -> str:
        release = self.app.current
        return reverse("picture", args=[self.app.slug, release.commit, number]) if release else ""

    @property
    def sign(self) -> str:
        """The letter on its sign."""
        return self.manifest.name[0].upper()


def stalls(search: str = "") -> list[Stall]:
    """Read the shelf in two queries: what is featured first, then what has proven itself most often."""
    shelf = [app for app in App.objects.filter(state=State.PUBLISHED).select_related("current") if app.current]
    known = evidence(app.pk for app in shelf)
    found = [Stall(app, app.current.manifest, known.get(app.pk, Evidence())) for app in shelf if app.current]
    found = [stall for stall in found if _fits(stall.manifest, search)]
    return sorted(found, key=lambda stall: (not stall.app.featured, -stall.evidence.opened, stall.manifest.name))


def _fits(manifest: Manifest, search: str) -> bool:
    words = " ".join([manifest.name, manifest.tagline, manifest.category, *manifest.tags, *manifest.replaces]).lower()
    return all(word in words for word in search.lower().split())


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """Say what this is, and offer the first stalls."""
    return render(request, "pages/front.html", {"stalls": stalls()[:ON_FRONT]})


@require_safe
def shelf(request: HttpRequest) -> HttpResponse:
    """Show every app, or those that a search finds."""
    search, event = request.GET.get("q", "").strip()[:80], _event(request)
    words = Wish.told(search)
    known = Wish.objects.filter(words=words) if words else Wish.objects.none()
    told = {"stalls": stalls(search), "search": search, "event": event, "wishes": 0, "is_wished": False}
    if search and not told["stalls"]:
        told |= {"wishes": known.count(), "is_wished": known.filter(by=request.user.pk).exists()}
    return render(request, "apps/shelf.html", told)


def _event(request: HttpRequest) -> Event | None:
    """The event that whoever looks wants to add a service to: they came from its desk."""
    if not request.user.is_authenticated or FOR not in request.GET:
        return None
    return gate.events_to_launch_for(request.user, timezone.now()).filter(key=request.GET[FOR]).first()


@login_required
@require_POST
def wish(request: SignedInRequest) -> HttpResponse:
    """Note that somebody wants an app that is not here; once, however often it is pressed."""
    if words := Wish.told(request.POST.get("q", "")):
        limited: HttpResponse | None = ratelimit.consume_or_429(request, action="wish")
        if limited is not None:
            return limited
        Wish.objects.get_or_create(words=words, by=request.user, defaults={"at": timezone.now()})
    return redirect(f"{reverse('shelf')}?{urlencode({'q': words})}")


@require_safe
def app(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one app, before it is launched."""
    found = gate.visible_app(request.user, slug)
    release = found.current
    assert release is not None  # the gate lets no other through
    manifest = release.manifest
    known = evidence([found.pk]).get(found.pk, Evidence())
    description = release.texts.get("description") or ("" if manifest.description_file else manifest.description)
    told = {
        "stall": Stall(found, manifest, known),
        "may_try": not request.user.is_authenticated and trials.are_offered(manifest),
        "release": release,
        "event": _event(request),
        "offer": next(iter(offers(manifest, request.user.pk or NOBODY, at=timezone.now())), None),
        "asked": [param.label for param in manifest.params if param.ask],
        "description": markdown(without_title(description, manifest.name)),
        "before": markdown(release.texts.get("notices.before_launch", "")),
    }
    return render(request, "apps/app.html", told)


def without_title(description: str, name: str) -> str:
    """A README begins with the app's name, which stands above it already."""
    first, _, rest = description.strip().partition("\n")
    return rest if first.lstrip("# ").strip().lower() == name.lower() else description
