"""From what happened to what people are told: one mail each, and none to those who saw it happen."""

from datetime import datetime, timedelta

import pytest
from django.core.cache import cache

from portal.mail import notices
from portal.models import User
from portal.pages.extension import link_to
from portal.stream import watch_key
from provisioning.models import Archive, Entry, Event, Fabric, Machine, Mail
from provisioning.phases import Happened, Phase, Role
from provisioning.reconciler.copies import remind
from tests.makers import NOON, make_event
from tests.portal import scenes

LATER = NOON + timedelta(minutes=1)


def warn(event: Event, at: datetime = NOON) -> None:
    closes_at = event.closes_at.isoformat()
    Entry.objects.write(event, Happened.WARNING, at=at, cause="warning:1", before=3600, closes_at=closes_at)


def tell(at: datetime = LATER) -> list[Mail]:
    """Read everything that happened; return the mails, oldest first."""
    while notices.write(at):
        pass
    return list(Mail.objects.order_by("pk"))


def test_a_warning_is_one_mail_for_an_event_with_many_services(owner: User) -> None:
    event = make_event(owner, zone="Europe/Berlin")
    for title in ("Auction", "Photo wall"):
        scenes.waiting(event, title=title)
    warn(event)
    (mail,) = tell()
    assert mail.subject == "Spring Fair ends on Monday 10 May, 14:00 (2 services)"
    assert "- Auction\n- Photo wall" in mail.text
    assert "in 7 days (Mon 10 May, 14:00)" in mail.text
    assert f"Extend to 17 May: http://localhost:8000/extend/{link_to(owner, event)}" in mail.text
    assert "because you organise Spring Fair. Next reminder: Sunday 9 May, 14:00." in mail.text


def test_the_same_warning_is_never_sent_twice(owner: User) -> None:
    event = make_event(owner)
    scenes.waiting(event)
    warn(event)
    assert len(tell()) == 1
    Entry.objects.update(noticed=False)
    assert len(tell()) == 1


def test_a_warning_of_an_end_that_has_moved_is_not_sent(owner: User) -> None:
    event = make_event(owner)
    scenes.waiting(event)
    warn(event)
    event.move(NOON + timedelta(days=9), by=owner, at=NOON)
    assert tell() == []


def test_everybody_with_a_service_in_an_event_is_warned_once(owner: User, stranger: User) -> None:
    event = make_event(owner)
    scenes.waiting(event)
    guest = scenes.waiting(event)
    event.take_in(stranger, at=NOON)
    scenes.change(guest, launched_by=stranger)
    warn(event)
    assert {mail.recipient for mail in tell()} == {owner.email, stranger.email}


@pytest.mark.parametrize(("scene", "subject"), [("ready", "is open"), ("failed", "did not start")])
def test_the_outcome_of_a_launch_is_told(owner: User, scene: str, subject: str) -> None:
    deployment = scenes.SCENES[scene](make_event(owner), title="The wiki")
    (mail,) = tell()
    assert mail.subject == f"The wiki {subject}"
    assert f"http://localhost:8000/services/{deployment.key}" in mail.text
    assert mail.recipient == owner.email


def test_a_service_that_opens_again_after_a_move_sends_no_second_letter(owner: User) -> None:
    deployment = scenes.ready(make_event(owner))
    assert len(tell()) == 1
    for phase, cause in ((Phase.BUILDING, "a"), (None, "b"), (Phase.READY, "c"), (Phase.BUILDING, "d")):
        told = {"phase": phase} if phase else {"did": "moved", "origin": "Attic", "target": "Cellar"}
        happened = Happened.PHASE if phase else Happened.MOVE
        Entry.objects.write(deployment, happened, at=LATER, cause=cause, **told)
    assert len(tell()) == 1
    Entry.objects.write(deployment, Happened.PHASE, at=LATER, cause="e", phase=Phase.READY)
    assert len(tell()) == 2, "this time it was no move"


@pytest.mark.parametrize("scene", ["ready", "failed"])
def test_who_saw_it_happen_gets_no_mail(owner: User, scene: str) -> None:
    deployment = scenes.SCENES[scene](make_event(owner))
    cache.set(watch_key(deployment.pk, owner.pk), (deployment.entries.latest("at").at).timestamp() - 1)
    assert tell() == []


@pytest.mark.parametrize("scene", ["ready", "failed"])
def test_who_looked_away_before_it_happened_gets_one_mail(owner: User, scene: str) -> None:
    deployment = scenes.SCENES[scene](make_event(owner))
    cache.set(watch_key(deployment.pk, owner.pk), (deployment.entries.latest("at").at).timestamp() - 30)
    assert len(tell()) == len(tell()) == 1


def test_of_two_who_organise_only_the_one_who_was_not_watching_gets_a_mail(owner: User, stranger: User) -> None:
    event = make_event(owner)
    event.take_in(stranger, at=NOON)
    event.appoint(stranger, Role.ORGANISER, by=owner, at=NOON)
    deployment = scenes.ready(event)
    cache.set(watch_key(deployment.pk, owner.pk), (NOON + timedelta(seconds=37)).timestamp())
    assert [mail.recipient for mail in tell()] == [stranger.email]


def test_participants_who_put_up_a_service_are_warned_without_a_way_to_extend(owner: User, stranger: User) -> None:
    event = make_event(owner)
    event.take_in(stranger, at=NOON)
    scenes.change(scenes.waiting(event), launched_by=stranger)
    warn(event)
    mails = {mail.recipient: mail.text for mail in tell()}
    assert "/extend/" in mails[owner.email]
    assert "/extend/" not in mails[stranger.email]
    assert f"If you need longer, ask {owner.called}." in mails[stranger.email].replace("\\", "")


def test_a_service_that_stops_answering_is_told(owner: User) -> None:
    deployment = scenes.silent(make_event(owner))
    Entry.objects.write(deployment, Happened.HEALTH, at=LATER, cause="silent:1", answers=False, why="status 500")
    assert tell()[-1].subject == "Notice board has stopped answering"


def test_a_disk_that_is_nearly_full_is_told(owner: User) -> None:
    deployment = scenes.ready(make_event(owner))
    machine = deployment.machine()
    assert machine
    Entry.objects.write(machine, Happened.HEALTH, at=LATER, cause="disk:1", disk_free_mib=70)
    mail = tell()[-1]
    assert mail.subject == "The disk of Notice board is nearly full"
    assert "has only 70 MB left" in mail.text


def test_the_end_of_an_event_is_one_mail_about_all_its_copies(owner: User) -> None:
    event = make_event(owner, days=0.001)
    scenes.ended(event, title="Auction")
    scenes.ended(event, title="Photo wall")
    Machine.objects.update(price_per_hour=1, phase_at=NOON + timedelta(minutes=30))
    Fabric.objects.update(options={"currency": "€"})
    (mail,) = tell(NOON + timedelta(hours=1))
    assert mail.subject == "Spring Fair has ended. Everything you need is here"
    assert "Kept and checked, until 2 June:\n\n- Auction, 1.2\xa0MB\n- Photo wall, 1.2\xa0MB" in mail.text
    assert "Download it, or put it up again: http://localhost:8000/copies" in mail.text
    assert "We delete them on 2 June, and remind you on 26 May." in mail.text
    assert "with 2 services. It has cost about 1.00 €." in mail.text
    assert "2 machines, with their accounts and passwords. On Monday 3 May, 12:00 we looked" in mail.text


def test_a_service_taken_down_early_is_told_with_its_copy(owner: User) -> None:
    event = make_event(owner)
    scenes.ended(event, title="Auction")
    assert tell()[-1].subject == "Auction has been taken down. Its copy is here"


def two_copies(owner: User, guest: User) -> datetime:
    """Two of one event, the later a guest's too; return the moment when they are announced."""
    event = make_event(owner)
    scenes.ended(event, title="Auction")
    event.take_in(guest, at=NOON)
    scenes.change(scenes.ended(event, title="Photo wall"), launched_by=guest)
    Entry.objects.update(noticed=True)
    return NOON + timedelta(days=23)


def test_copies_that_will_be_deleted_are_one_mail_for_a_person_and_an_event(owner: User, stranger: User) -> None:
    at = two_copies(owner, stranger)
    remind(at)
    mails = {mail.recipient: mail for mail in tell(at)}
    assert len(tell(at)) == len(mails) == 2
    assert mails[owner.email].subject == "Spring Fair: we delete its 2 copies on 2 June"
    assert "- Auction, 1.2\xa0MB\n- Photo wall, 1.2\xa0MB" in mails[owner.email].text
    assert "Download it, or put it up again: http://localhost:8000/copies" in mails[owner.email].text
    assert mails[stranger.email].subject == "Spring Fair: we delete its copy on 2 June"
    assert "Auction" not in mails[stranger.email].text


def test_a_reminder_is_news_for_as_long_as_its_copy_is_there(owner: User, stranger: User) -> None:
    at = two_copies(owner, stranger)
    remind(at)
    Archive.objects.filter(deployment__title="Auction").update(deleted_at=at)
    mails = tell(at + timedelta(days=5))
    assert [mail.subject for mail in mails] == ["Spring Fair: we delete its copy on 2 June"] * 2


def test_a_copy_that_cannot_be_made_is_told_to_the_counter_too(owner: User, staff: User) -> None:
    deployment = scenes.leaving(make_event(owner))
    Entry.objects.write(deployment, Happened.COPY, at=NOON, cause="held:1:0", settled="")
    held = [mail for mail in tell() if "its copy needs us" in mail.subject]
    assert {mail.recipient for mail in held} == {owner.email, staff.email}


def test_a_name_of_a_service_does_nothing_in_a_mail(owner: User) -> None:
    scenes.ready(make_event(owner), title="[x](http://evil.example) <b>&amp;")
    (mail,) = tell()
    assert "evil.example" not in mail.text + mail.html
    assert "<b>" not in mail.html
    assert "&amp;amp;" in mail.html


def test_what_is_not_so_any_more_is_not_told(owner: User) -> None:
    deployment = scenes.ready(make_event(owner))
    scenes.change(deployment, wanted="gone", phase="retiring")
    assert tell() == []


def test_old_news_is_not_told(owner: User) -> None:
    scenes.ready(make_event(owner))
    assert tell(NOON + timedelta(days=3)) == []
    assert not Entry.objects.filter(noticed=False).exists()
