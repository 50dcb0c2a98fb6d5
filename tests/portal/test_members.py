"""Who takes part in an event: what each may, who comes and goes, and that somebody always organises it."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import connection
from django.test import Client

from portal.models import User
from portal.people import kept, leaving
from provisioning.admission import share_of
from provisioning.models import Deployment, Entry, Event, House, JoiningCode, Membership
from provisioning.phases import Happened, Role
from tests.makers import NOON, launch, make_event, make_person, make_release
from tests.portal import scenes

PASSWORD = "correct-horse-battery"


def join(event: Event, role: Role = Role.PARTICIPANT, name: str = "guest") -> User:
    """Somebody new who takes part."""
    person = make_person(name)
    assert event.take_in(person, at=NOON)
    assert role == Role.PARTICIPANT or event.appoint(person, role, by=event.owner, at=NOON)
    return person


def organisers(event: Event) -> set[User]:
    return {one.person for one in Membership.objects.filter(event=event, role=Role.ORGANISER).select_related("person")}


def did(event: Event) -> list[str]:
    told = Entry.objects.filter(event=event, happened=Happened.PEOPLE).order_by("at", "pk")
    return [entry.told["did"] for entry in told]


def at_once(*acts: Callable[[], object]) -> None:
    """Do these in threads that begin together."""
    ready = threading.Barrier(len(acts))

    def one(act: Callable[[], object]) -> None:
        ready.wait()
        act()
        connection.close()

    threads = [threading.Thread(target=one, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_whoever_makes_an_event_organises_it(owner: User) -> None:
    assert organisers(make_event(owner)) == {owner}


def test_somebody_takes_part_once_however_often_they_come(owner: User, stranger: User) -> None:
    event = make_event(owner)
    assert event.take_in(stranger, at=NOON, name="Stella")
    assert not event.take_in(stranger, at=NOON)
    assert [one.called for one in event.memberships.filter(person=stranger)] == ["Stella"]
    assert did(event) == ["joined"]


def test_no_more_take_part_than_may(owner: User, stranger: User) -> None:
    event = make_event(owner, most_people=1)
    assert not event.take_in(stranger, at=NOON)
    assert organisers(event) == {owner}


def test_of_ten_who_come_at_once_as_many_are_in_as_may(transactional_db: None) -> None:
    event = make_event(most_people=4)
    people = [make_person() for _ in range(10)]
    at_once(*(partial(event.take_in, person, at=NOON) for person in people))
    assert event.memberships.count() == 4


def test_the_owner_is_neither_sent_away_nor_made_less(owner: User) -> None:
    event = make_event(owner)
    other = join(event, Role.ORGANISER)
    assert not event.let_go(owner, by=other, at=NOON)
    assert not event.appoint(owner, Role.PARTICIPANT, by=other, at=NOON)
    assert organisers(event) == {owner, other}


def test_the_last_organiser_cannot_go(owner: User) -> None:
    event = make_event(owner)
    join(event)
    assert not event.let_go(owner, by=owner, at=NOON)
    assert organisers(event) == {owner}


def test_when_the_owner_goes_the_organiser_who_came_first_answers_for_it(owner: User) -> None:
    event = make_event(owner)
    service = launch(event)
    heir, _later = join(event, Role.ORGANISER), join(event, Role.ORGANISER)
    assert event.let_go(owner, by=owner, at=NOON)
    event.refresh_from_db()
    service.refresh_from_db()
    assert event.owner == service.owner == heir
    assert owner not in organisers(event)


def test_of_two_organisers_who_go_at_once_one_stays(transactional_db: None) -> None:
    for _ in range(5):
        event = make_event()
        both = [event.owner, join(event, Role.ORGANISER)]
        at_once(*(partial(event.let_go, person, by=person, at=NOON) for person in both))
        event.refresh_from_db()
        assert organisers(event) == {event.owner}


def test_two_organisers_who_delete_themselves_at_once_end_the_event(transactional_db: None) -> None:
    for _ in range(5):
        event = make_event()
        service, both = launch(event), [event.owner, join(event, Role.ORGANISER)]
        at_once(*(partial(leaving.leave, person, at=NOON) for person in both))
        service.refresh_from_db()
        assert service.wanted == "gone"


def test_an_event_that_others_organise_outlives_whoever_made_it(owner: User, now: datetime) -> None:
    event = make_event(owner, at=now)
    service, alone = launch(event, at=now), launch(make_event(owner, at=now), at=now)
    heir = join(event, Role.ORGANISER)
    assert [row.pk for row in leaving.ending(owner)] == [alone.pk]
    assert leaving.handed_over(owner) == [event.name]
    leaving.leave(owner, at=now)
    service.refresh_from_db()
    alone.refresh_from_db()
    assert (service.wanted, service.owner, alone.wanted) == ("up", heir, "gone")


def test_a_participant_who_deletes_themselves_ends_nothing_and_is_in_no_list(owner: User, now: datetime) -> None:
    event = make_event(owner, at=now, all_launch=True)
    guest = join(event)
    service = launch(event, at=now)
    Deployment.objects.update(launched_by=guest)
    leaving.leave(guest, at=now)
    assert leaving.forget(guest, now)
    service.refresh_from_db()
    assert (service.wanted, service.launched_by) == ("up", None)
    assert not Membership.objects.filter(person=guest).exists()


def test_participants_are_forgotten_when_the_event_is_long_over(owner: User, now: datetime) -> None:
    House.objects.create(names_kept_days=10)
    for days in (9, 11):
        join(make_event(owner, at=now - timedelta(days=days + 7), days=7))
    kept.tidy(now)
    roles = Membership.objects.values_list("role", flat=True)
    assert sorted(roles) == ["organiser", "organiser", "participant"]


def test_a_code_is_never_given_again_and_only_the_newest_is_good(owner: User) -> None:
    event = make_event(owner)
    first, second = (event.renew_code(by=owner, at=NOON + timedelta(minutes=n)) for n in range(2))
    codes = {code.code: code.is_good(NOON) for code in JoiningCode.objects.select_related("event")}
    assert codes == {first: False, second: True}
    assert event.end_code(by=owner, at=NOON)
    assert not event.end_code(by=owner, at=NOON)
    assert did(event) == ["code", "no-code", "code"] or did(event) == ["code", "code", "no-code"]


def test_a_code_is_good_until_its_event_ends(owner: User) -> None:
    event = make_event(owner, days=1)
    code = JoiningCode.objects.get(code=event.renew_code(by=owner, at=NOON))
    assert code.is_good(NOON)
    assert not code.is_good(event.closes_at)


@pytest.mark.parametrize("typed", ["r7k-2pm", "R7K2PM", " r7k 2pm ", "R7K\N{EN DASH}2PM"])
def test_case_hyphens_and_spaces_of_a_code_do_not_matter(typed: str) -> None:
    assert JoiningCode.read(typed) == "R7K2PM"


def test_what_an_organiser_puts_up_is_taken_from_the_owners_share(client: Client, owner: User, now: datetime) -> None:
    event = make_event(owner, at=now)
    service = scenes.ready(event, at=now)
    other = join(event, Role.ORGANISER)
    assert (share_of(owner.pk).services, share_of(other.pk).services) == (1, 0)
    client.force_login(other)
    assert client.post(f"/services/{service.key}/end").status_code == 302
    service.refresh_from_db()
    assert service.wanted == "gone"


@pytest.mark.parametrize("scene", sorted(scenes.SCENES))
def test_a_participant_sees_a_service_and_none_of_its_secrets(client: Client, owner: User, scene: str) -> None:
    service = scenes.SCENES[scene](make_event(owner))
    client.force_login(join(service.event))
    for path in (f"/services/{service.key}", f"/services/{service.key}/live"):
        page = client.get(path).content.decode()
        assert "data-live=" in page
        assert [word for word in (PASSWORD, "Unpacking", "/outputs", "/end", owner.email) if word in page] == []


@pytest.mark.parametrize("role", list(Role))
def test_whoever_was_sent_away_finds_nothing_any_more(client: Client, owner: User, role: Role) -> None:
    service = scenes.ready(make_event(owner))
    event, guest = service.event, join(service.event, role)
    scenes.change(service, launched_by=guest)
    client.force_login(guest)
    paths = [f"/services/{service.key}", f"/events/{event.key}"]
    assert [client.get(path).status_code for path in paths] == [200, 200]
    assert event.let_go(guest, by=owner, at=NOON)
    assert [client.get(path).status_code for path in paths] == [404, 404]
    assert client.post(f"/services/{service.key}/end").status_code == 404


def test_a_participants_home_shows_the_event_and_asks_nothing_of_them(client: Client, owner: User) -> None:
    service = scenes.failed(make_event(owner), title="Broken one")
    guest = join(service.event)
    client.force_login(guest)
    page = client.get("/home").content.decode()
    assert ("Spring Fair" in page, "Broken one" in page, "Needs you" in page) == (True, True, False)
    scenes.change(service, launched_by=guest)
    assert "Needs you" in client.get("/home").content.decode()


def test_whose_share_it_counts_for_is_told_before_the_press(client: Client, owner: User, now: datetime) -> None:
    event = make_event(owner, at=now, all_launch=True)
    service = scenes.ready(event, at=now)
    client.force_login(join(event))
    page = client.get(f"/services/new?app={service.release.app.slug}", follow=True).content.decode()
    assert "Whoever answers for this event uses 1 of the 20 machines" in page


def test_what_a_participant_puts_up_is_theirs_to_look_after_and_the_owners_to_answer_for(
    client: Client, owner: User, now: datetime
) -> None:
    event, release = make_event(owner, at=now, all_launch=True), make_release()
    guest = join(event)
    client.force_login(guest)
    form = {"form_token": "a" * 32, "event": event.key, "title": "Quiz"}
    for _ in range(2):
        answer = client.post(f"/services/new?app={release.app.slug}", form)
    service = Deployment.objects.get()
    assert answer.headers["Location"] == f"/services/{service.key}"
    assert (service.owner, service.launched_by) == (owner, guest)
    assert client.post(f"/services/{service.key}/end").status_code == 302


def test_a_participant_puts_nothing_up_where_the_event_does_not_allow_it(
    client: Client, owner: User, now: datetime
) -> None:
    event, release = make_event(owner, at=now), make_release()
    client.force_login(join(event))
    client.post(f"/services/new?app={release.app.slug}", {"form_token": "a" * 32, "event": event.key, "title": "Quiz"})
    assert not Deployment.objects.exists()


def test_who_may_put_something_up_looks_after_that_and_nothing_else(client: Client, owner: User) -> None:
    event = make_event(owner, all_launch=True)
    own, other, guest = scenes.ready(event), scenes.ready(event), join(event)
    scenes.change(own, launched_by=guest)
    client.force_login(guest)
    answers = [client.post(f"/services/{service.key}/restart").status_code for service in (own, other)]
    assert answers == [302, 404]
