"""The one table of sentences: from a problem's code, and from a step's name, to what a person reads.

Marked for translation here, put together where they are shown. `%(title)s` is the service's name; the other names are
the parameters of the Stop that carries the code.
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Sentence = str | Promise

PROBLEMS: Mapping[str, Sentence] = {
    "our-mistake": _("Something in Fairground itself went wrong while working on %(title)s."),
    "took-too-long": _("%(title)s was not ready in time."),
    "never-answered": _("%(title)s was installed, but its page never answered as it should (%(why)s)."),
    "machine-died": _("The machine of %(title)s is not there any more."),
    "machine-not-reachable": _("The machine of %(title)s cannot be reached."),
    "machine-is-not-ours": _("The place gave %(title)s a machine that is somebody else's, so we did not touch it."),
    "place-is-full": _("There is no free machine in the place where %(title)s should go."),
    "place-away": _("The place where machines come from does not answer."),
    "copy-failed": _("The copy of %(title)s could not be made."),
    "copy-is-damaged": _("The copy of %(title)s was made, but it could not be read back."),
    "copy-on-hold": _(
        "The copy of %(title)s could not be made, so we keep everything as it is, with its doors closed."
    ),
}

STEPS: Mapping[str, tuple[Sentence, Sentence]] = {
    "queued": (_("Waiting for room"), _("It is your turn")),
    "allocate": (_("Finding a machine for %(title)s"), _("Got a machine (%(memory)s MB)")),
    "reach": (_("Waiting until it has started"), _("It has started")),
    "fetch_service": (_("Fetching the app (%(version)s)"), _("App fetched (%(version)s)")),
    "install": (_("Installing; this is the longest part"), _("Installed")),
    "configure": (_("Making it yours: names, passwords, address"), _("It is yours")),
    "load_data": (_("Filling in the content"), _("The content is in")),
    "start_programs": (_("Starting its programs"), _("Its programs run")),
    "schedule_pulls": (_("Arranging that it keeps itself fresh"), _("Looks for new content by itself")),
    "answer_at_machine": (_("Opening the page to see that it really works"), _("The page answers")),
    "publish": (_("Putting it at its address"), _("It has its address")),
    "answer_at_address": (_("Opening its address as a visitor would"), _("Ready at %(host)s")),
}
"""While it is being made true · since it is."""

VALUES: Mapping[str, Sentence] = {
    "unknown": _("The app does not ask for this."),
    "needed": _("The app cannot start without this."),
    "nul": _("There is a character in it that no text may hold."),
    "control": _("Please write it in one line, without control characters."),
    "too-short": _("It needs at least %(min)s characters."),
    "too-long": _("It may have at most %(max)s characters."),
    "too-small": _("It must be %(min)s or more."),
    "too-large": _("It must be %(max)s or less."),
    "not-fitting": _("The app does not take it in this form."),
    "not-a-choice": _("Please choose one of: %(choices)s."),
    "wrong-kind": _("This is not what the app expects here: %(kind)s."),
}
"""Why a value of the launch form cannot be taken; the codes are those of catalog/manifest/params.py."""
