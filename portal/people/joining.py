"""Joining an event with its code: pressed by whoever reads the code, done once they are signed in."""

from datetime import datetime, timedelta

from django.http import HttpRequest

from portal.models import User
from provisioning.models import Event, JoiningCode

PRESSED = "joining"
"""Where a session keeps that somebody has pressed Join: the code, the name they chose, and when."""
GOOD_FOR = timedelta(hours=2)
"""Somebody else may sign in later at the same browser, and must not find themselves in an event."""


def find(code: str) -> JoiningCode | None:
    """The code, good or old, with its event."""
    return JoiningCode.objects.select_related("event__owner").filter(pk=JoiningCode.read(code)).first()


def press(request: HttpRequest, code: JoiningCode, name: str, at: datetime) -> None:
    """Remember it until they are signed in."""
    request.session[PRESSED] = [code.code, name, at.isoformat()]


def is_under_way(request: HttpRequest, at: datetime) -> bool:
    """Whether they have pressed Join with a code that is still good."""
    return _pressed(request, at) is not None


def chosen_name(request: HttpRequest | None) -> str:
    """What they want to be called in the event that they are about to join, if they are."""
    return str(request.session.get(PRESSED, ["", ""])[1]) if request else ""


def settle(request: HttpRequest, person: User, at: datetime) -> Event | None:
    """Let them in, now that it is known who they are; return the event that they are in."""
    known, name = _pressed(request, at), request.session.pop(PRESSED, ["", ""])[1]
    if known is None:
        return None
    known.event.take_in(person, at=at, name=name)
    return known.event if known.event.memberships.filter(person=person).exists() else None


def _pressed(request: HttpRequest, at: datetime) -> JoiningCode | None:
    code, _name, since = request.session.get(PRESSED, ["", "", ""])
    known = find(code) if code and at < datetime.fromisoformat(since) + GOOD_FOR else None
    return known if known and known.is_good(at) else None
