"""How many came: told on the service's page and in the mail about the end, and not where nobody was counted."""

from datetime import datetime, timedelta

from django.test import Client

from portal.models import User
from provisioning.models import Deployment, Visits
from tests.makers import NOON, make_event
from tests.portal import scenes
from tests.portal.test_notices import tell


def came(service: Deployment, *numbers: int) -> None:
    for days, number in enumerate(numbers):
        Visits.objects.create(deployment=service, day=NOON.date() + timedelta(days=days), number=number)


def test_the_page_of_a_service_tells_how_many_came_to_those_whom_it_belongs_to(
    visit: Client, owner: User, now: datetime
) -> None:
    service = scenes.ready(make_event(owner, at=now), at=now)
    assert b"counted day by day" not in visit.get(f"/services/{service.key}").content
    came(service, 300, 12)
    assert b"about 312 so far, counted day by day" in visit.get(f"/services/{service.key}").content


def test_the_desk_of_an_event_tells_how_many_came_to_all_services_to_those_who_organise_it(
    visit: Client, owner: User, stranger: User, now: datetime
) -> None:
    event = make_event(owner, at=now)
    event.take_in(stranger, at=now)
    came(scenes.ready(event, at=now), 300)
    came(scenes.ended(event, title="Photo wall"), 12)
    assert "About 312 visitors came" in visit.get(f"/events/{event.key}").content.decode()
    visit.force_login(stranger)
    assert "visitors came" not in visit.get(f"/events/{event.key}").content.decode()


def test_the_mail_about_the_end_tells_how_many_came_to_all_services(owner: User) -> None:
    event = make_event(owner, days=0.001)
    came(scenes.ended(event, title="Auction"), 300, 2)
    came(scenes.ended(event, title="Photo wall"), 10)
    (told,) = tell(NOON + timedelta(hours=1))
    assert "with 2 services. About 312 visitors came, counted day by day." in told.text


def test_where_nobody_was_counted_the_mail_says_nothing_of_visitors(owner: User) -> None:
    event = make_event(owner, days=0.001)
    scenes.ended(event, title="Auction")
    (told,) = tell(NOON + timedelta(hours=1))
    assert "visitor" not in told.text
