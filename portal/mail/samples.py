"""Something made up to show a letter with. None of it is in the database."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from catalog.models import Release
from portal.models import User
from portal.times import both, day, day_and_hour, span
from portal.words import REASONS, problem
from provisioning.errors import Blame
from provisioning.models import Archive, Deployment, Event, Report
from provisioning.phases import Reason


def samples(reader: User, at: datetime) -> dict[str, Any]:
    """Everything that any letter may tell."""
    ends = at + timedelta(days=7)
    event = Event(key="0" * 32, name=_("Spring Fair"), zone=reader.zone.key, owner=reader, opens_at=at, closes_at=ends)
    titles = [_("Auction"), _("Photo wall"), _("Notice board")]
    services = [
        Deployment(
            title=title,
            name=f"stall-{n}1a2b3c",
            key=str(n) * 32,
            event=event,
            suspended_why=_("It asks for passwords."),
        )
        for n, title in enumerate(titles)
    ]
    kept = at + timedelta(days=30)
    said = both(ends, at, event.tzinfo)
    copies = [Archive(pk=1, deployment=services[0], name="auction.tar.gz", size=21_500_000, delete_at=kept)]
    return {
        "to": reader,
        "person": User(email="bert@example.org", first_name="Bert"),
        "event": event,
        "deployment": services[0],
        "services": services,
        "title": services[0].title,
        "ends": day_and_hour(ends, event.tzinfo),
        "ends_both": said,
        "since": both(at - timedelta(minutes=4), at, event.tzinfo),
        "kept_until": day(kept, event.tzinfo),
        "lasted": span(timedelta(days=30)),
        "cost": "1.92 €",
        "visitors": 312,
        "keeps": True,
        "organises": True,
        "extend": "made-up",
        "extended": day(ends + timedelta(days=7), event.tzinfo),
        "agreed": "",
        "next": day_and_hour(ends - timedelta(days=1), event.tzinfo),
        "reminded_on": day(kept - timedelta(days=7), event.tzinfo),
        "free": 70,
        "provider": _("Linden school"),
        "machines": len(services),
        "absent": day_and_hour(at, event.tzinfo),
        "is_last": True,
        "is_short": False,
        "remains": [],
        "copies": copies,
        "code": "482915",
        "trouble": problem("install-failed", Blame.APP, {}, was_open=False, title=services[0].title),
        "report": Report(
            pk=1, host="auction-1a2b3c.fair.example", reason=Reason.TRICK, words=_("It wants my password.")
        ),
        "reason": REASONS[Reason.TRICK],
        "maintainer": "Ada",
        "app": titles[0],
        "release": Release(version="1.4", commit="3f2a91c" + "0" * 33, taken_at=at),
        "log": "get:1 php8.4\npassword: [hidden]\nget: 404",
        "writer": reader,
        "answer": _("We have asked the organiser to change it."),
        "is_off": True,
    }
