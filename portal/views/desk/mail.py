"""The desk's mail room: does it leave, what is in it, and how does each letter look?"""

from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal import gate
from portal.mail import outbox
from portal.mail.letters import Letter, letter
from portal.mail.samples import samples
from portal.mail.troubles import TROUBLES
from portal.requests import SignedInRequest
from provisioning.models import Mail

SHOWN = 30
LETTER_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
"""A mail carries its style in itself, and needs nothing else."""


@gate.counter
@require_safe
def mail(request: SignedInRequest) -> HttpResponse:
    """Show what has not left and why, what left last, and every letter that there is. Codes are shown to nobody."""
    mails = Mail.objects.order_by("-pk")
    told = {
        "unsent": outbox.unsent().order_by("-pk")[:SHOWN],
        "given_up": outbox.given_up().order_by("-pk")[:SHOWN],
        "sent": mails.filter(~Q(sent_at=None))[:SHOWN],
        "letters": _names(),
        "server": "" if settings.EMBEDDED_MAIL else settings.EMAIL_HOST,
        "sender": settings.DEFAULT_FROM_EMAIL,
        "zone": request.user.zone,
    }
    return render(request, "desk/mail.html", told)


@gate.counter
@require_POST
def test(request: SignedInRequest) -> HttpResponse:
    """Send the one who asks a mail at once, over the way that every other takes, and say what came of it."""
    mail = outbox.try_once(letter("test", {"to": request.user}), request.user.email, at=timezone.now())
    if settings.EMBEDDED_MAIL:
        messages.warning(request, _("No mail server is set up, so the test went nowhere. It lies in the mailbox here."))
    elif mail.sent_at:
        told = {"server": settings.EMAIL_HOST, "mail": mail.recipient}
        messages.success(
            request,
            _("%(server)s took the test for %(mail)s. If it is not there in a few minutes, look among the spam.")
            % told,
        )
    else:
        why = TROUBLES[mail.trouble]
        told = {"happened": str(why.happened), "can": str(why.can), "answer": mail.answer}
        messages.error(request, _("The test did not leave. %(happened)s %(can)s What we heard: “%(answer)s”") % told)
    return redirect("desk-mail")


@gate.counter
@require_POST
def again(request: SignedInRequest) -> HttpResponse:
    """Try everything that has not left now."""
    n = outbox.again(timezone.now())
    messages.success(
        request, ngettext("%(n)d mail is tried again now.", "%(n)d mails are tried again now.", n) % {"n": n}
    )
    return redirect("desk-mail")


@gate.counter
@require_POST
def let_go(request: SignedInRequest) -> HttpResponse:
    """Speak no more of what never left."""
    n = outbox.let_go()
    messages.success(request, ngettext("%(n)d mail was let go.", "%(n)d mails were let go.", n) % {"n": n})
    return redirect("desk-mail")


@gate.counter
@require_safe
def preview(request: SignedInRequest, name: str) -> HttpResponse:
    """Show a letter as text, with something made up in it."""
    return render(request, "desk/letter.html", {"name": name, "letter": _letter(request, name)})


@gate.counter
@require_safe
def preview_html(request: SignedInRequest, name: str) -> HttpResponse:
    """Show a letter as a mail program would."""
    return HttpResponse(_letter(request, name).html, headers={"Content-Security-Policy": LETTER_POLICY})


def _names() -> list[str]:
    """Every letter there is, by its file."""
    folder = Path(settings.BASE_DIR) / "templates" / "mail"
    return sorted(str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.md"))


def _letter(request: SignedInRequest, name: str) -> Letter:
    if name not in _names():
        raise Http404
    reader = request.user
    reader.language = get_language() or ""  # as this page is, so that all can be read; not saved
    return letter(name, samples(reader, timezone.now()))
