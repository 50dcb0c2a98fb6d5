"""What became of what people put into a service that is gone: its page, its mails and the link of its warning say the same."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from portal.models import User
from portal.pages.extension import link_to
from provisioning.models import Archive, Deployment, Entry, Event
from provisioning.phases import CopyKind, Phase, Settled, Wanted
from provisioning.slots import new_machine
from tests.makers import NOON, make_event, make_fabric
from tests.portal import scenes
from tests.portal.test_notices import tell
from tests.portal.test_service import machine_of, shown

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOTHING = "There is no copy: nothing was ever put into it, or the app keeps nothing."
NOTHING_IN_A_MAIL = "There was nothing to keep a copy of."
LOST = "The machine of Auction was lost, and with it what people had put into it."
WAIVED = "Whoever runs this house decided to go without a copy of Auction."
WHY = [(Settled.LOST, LOST), (Settled.WAIVED, WAIVED)]


def without_copy(event: Event, settled: Settled, *, at: datetime = NOON, title: str = "Auction") -> Deployment:
    """One that is gone, and that nobody has a copy of."""
    deployment = scenes.ended(event, at=at, title=title)
    deployment.archives.all().delete()
    scenes.change(machine_of(deployment), settled=settled)
    return deployment


@pytest.mark.parametrize(("settled", "said"), [*WHY, (Settled.NEVER_LOADED, NOTHING)])
def test_its_page_says_why_there_is_no_copy(visit: Client, owner: User, settled: Settled, said: str) -> None:
    page = shown(visit, without_copy(make_event(owner), settled))
    assert said in page
    assert (NOTHING in page) == (said == NOTHING)


def test_its_page_says_that_its_copy_was_deleted(visit: Client, owner: User) -> None:
    deployment = scenes.ended(make_event(owner), title="Auction")
    Archive.objects.update(deleted_at=datetime(2027, 6, 2, 12, tzinfo=UTC))
    page = shown(visit, deployment)
    assert "The copy of Auction was deleted on 2 June." in page
    assert NOTHING not in page


def test_its_page_says_what_was_lost_since_the_copy_that_there_is(visit: Client, owner: User) -> None:
    deployment = scenes.ended(make_event(owner), title="Auction")
    scenes.change(machine_of(deployment), settled=Settled.LOST)
    page = shown(visit, deployment)
    assert "with it what people had put into it since its last copy." in page
    assert "Download the copy" in page


def test_a_loss_is_told_though_the_machine_that_came_after_never_held_anything(visit: Client, owner: User) -> None:
    deployment = without_copy(make_event(owner), Settled.LOST)
    after = new_machine(deployment, make_fabric(), "main", 1, NOON)
    after.settled, after.wanted, after.phase, after.due_at = Settled.NEVER_LOADED, Wanted.GONE, Phase.GONE, None
    after.save(force_insert=True)
    assert LOST in shown(visit, deployment)


@pytest.mark.parametrize(("settled", "said"), WHY)
def test_the_link_of_a_warning_says_why_there_is_no_copy(
    visit: Client, owner: User, now: datetime, settled: Settled, said: str
) -> None:
    event = make_event(owner, at=now - 2 * DAY, days=1.9)
    without_copy(event, settled)
    page = visit.get(f"/extend/{link_to(owner, event)}").content.decode()
    assert said in page
    assert NOTHING_IN_A_MAIL not in page


@pytest.mark.parametrize(("settled", "said"), WHY)
def test_whoever_takes_one_down_early_is_told_that_there_is_no_copy(owner: User, settled: Settled, said: str) -> None:
    without_copy(make_event(owner), settled)
    mail = tell()[-1]
    assert mail.subject == "Auction has been taken down. There is no copy of it"
    assert f"What is not kept:\n\n- {said}\n" in mail.text
    assert NOTHING_IN_A_MAIL not in mail.text


def test_one_that_held_nothing_and_is_taken_down_early_is_worth_no_mail(owner: User) -> None:
    without_copy(make_event(owner), Settled.NEVER_LOADED)
    assert tell() == []


def test_the_end_of_an_event_tells_what_was_lost_beside_what_is_kept(owner: User) -> None:
    event = make_event(owner, days=0.001)
    scenes.ended(event, title="Photo wall")
    without_copy(event, Settled.LOST)
    without_copy(event, Settled.NEVER_LOADED, title="Small ads")
    (mail,) = tell(NOON + HOUR)
    assert mail.subject == "Spring Fair has ended. Not everything was kept"
    assert "- Photo wall, 1.2\xa0MB" in mail.text
    assert f"What is not kept:\n\n- {LOST}\n\n" in mail.text


def test_the_end_of_an_event_tells_of_copies_that_were_deleted_before(owner: User) -> None:
    event = make_event(owner, days=40)
    scenes.ended(event, title="Auction")
    Archive.objects.update(deleted_at=datetime(2027, 6, 2, 12, tzinfo=UTC))
    without_copy(event, Settled.NEVER_LOADED, title="Small ads")
    Entry.objects.filter(deployment__title="Small ads").update(at=event.closes_at)
    mail = tell(event.closes_at + HOUR)[-1]
    assert mail.subject == "Spring Fair has ended. Everything you need is here"
    assert "- The copy of Auction was deleted on 2 June." in mail.text
    assert NOTHING_IN_A_MAIL not in mail.text


def test_the_end_of_an_event_in_which_nothing_was_kept_says_so(owner: User) -> None:
    without_copy(make_event(owner, days=0.001), Settled.NEVER_LOADED)
    (mail,) = tell(NOON + HOUR)
    assert NOTHING_IN_A_MAIL in mail.text


def test_copies_whose_place_the_last_one_has_taken_are_not_told_as_kept(
    visit: Client, owner: User, now: datetime
) -> None:
    event = make_event(owner, at=now - 2 * DAY, days=1.9)
    deployment = scenes.ended(event, title="Auction")
    night = {"name": "night.tar.gz", "sha256": "b" * 64, "size": 13, "kind": CopyKind.NIGHTLY, "is_surplus": True}
    until = now + 30 * DAY
    Archive.objects.create(
        deployment=deployment, machine=machine_of(deployment), verified_at=now, delete_at=until, **night
    )
    Entry.objects.update(at=now)
    assert tell(now)[-1].text.count("- Auction, ") == 1
    assert "Your copy is safe." in visit.get(f"/extend/{link_to(owner, event)}").content.decode()
