"""The clock of the housekeeping: when it ticks, what it asks, and what it sends."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from queue import Empty

import pytest
from celery.worker import state
from django.db import OperationalError, connection
from django.utils.timezone import now
from kombu import Connection
from pytest_django import Settings

from catalog import checks
from catalog.models import Dataset
from portal.celery import app
from portal.mail import outbox
from portal.models import User
from portal.server import clock, ticking
from portal.server.clock import ASKED_EVERY, HAS_WORK, TICK, Clock, Rest, has_work, last_written, to_the_tick
from portal.server.ticking import EX_SOFTWARE, Ticking, every
from provisioning.models import Deployment, Entry, House, Machine, Picture
from provisioning.phases import Lane
from provisioning.reconciler import LINGER
from tests.makers import NOON, launch, make_event, make_release
from tests.portal import scenes
from tests.portal.test_outbox import HELLO

LATER = timedelta(minutes=5)
AT = NOON.timestamp()


@pytest.fixture
def sends() -> Iterator[Callable[[str], bool]]:
    """Whether a task is sent when its time has come."""
    with Connection("memory://") as wire, app.amqp.Producer(wire) as producer:
        queue, ours = wire.SimpleQueue("sweep"), Clock(app=app, lazy=True)

        def tick(name: str) -> bool:
            ours.apply_entry(ours.Entry(name=name, app=app, **app.conf.beat_schedule[name]), producer)
            try:
                return bool(queue.get(block=False).headers["task"])
            except Empty:
                return False

        yield tick


def test_what_is_due_within_a_tick_is_sent_in_one_go() -> None:
    assert to_the_tick(0.3, at=100.4) == pytest.approx(1.6)
    assert to_the_tick(1.8, at=100.0) == TICK
    assert to_the_tick(9.8, at=100.5) == pytest.approx(11.5)
    assert to_the_tick(0, at=100.4) == 0


def test_what_is_to_come_with_each_tick_does_so_though_the_clock_never_ticks_late() -> None:
    assert every(TICK).is_due(now() - timedelta(seconds=TICK - 0.01)).is_due
    assert not every(2 * TICK).is_due(now() - timedelta(seconds=TICK + 0.01)).is_due


@pytest.mark.parametrize("name", sorted(app.conf.beat_schedule))
def test_all_of_the_timetable_is_a_whole_number_of_ticks_apart(name: str) -> None:
    apart = app.conf.beat_schedule[name]["schedule"]
    assert apart in [every(ticks * TICK) for ticks in range(1, 301)]


@pytest.mark.parametrize("name", sorted(app.conf.beat_schedule))
def test_a_message_that_nobody_has_read_is_soon_good_for_nothing(name: str) -> None:
    told = app.conf.beat_schedule[name]
    good_for = app.tasks[told["task"]].expires
    assert good_for
    assert good_for <= told["schedule"].run_every.total_seconds() + 2 * TICK


def test_a_drain_waits_for_a_person_until_the_clocks_next() -> None:
    assert timedelta(seconds=TICK) == LINGER


@pytest.mark.parametrize("name", HAS_WORK)
def test_what_nobody_needs_is_not_sent(sends: Callable[[str], bool], name: str, db: None) -> None:
    assert not sends(name)


@pytest.mark.parametrize("name", sorted({"keep", "visits", "tidy", "sweep-beat"}))
def test_what_has_no_question_is_sent_each_time(sends: Callable[[str], bool], name: str, db: None) -> None:
    assert name not in HAS_WORK
    assert sends(name)


def test_every_question_is_about_something_in_the_timetable() -> None:
    assert set(HAS_WORK) <= set(app.conf.beat_schedule)


def test_rows_are_looked_at_when_one_is_due(sends: Callable[[str], bool], owner: User, now: datetime) -> None:
    launched = launch(make_event(owner, at=now), make_release(), at=now)
    assert sends("drain")
    Deployment.objects.filter(pk=launched.pk).update(lane=Lane.PERSON, due_at=now + LATER)
    assert not sends("drain")


def test_a_person_who_waits_is_expected_before_the_next_tick(
    sends: Callable[[str], bool], owner: User, now: datetime
) -> None:
    rows = Deployment.objects.filter(pk=scenes.building(make_event(owner, at=now), at=now).pk)
    Machine.objects.update(due_at=now + LATER)
    rows.update(lane=Lane.PERSON, due_at=now + LATER)
    assert not sends("drain")
    rows.update(due_at=now + timedelta(seconds=1))
    assert sends("drain")


@pytest.fixture
def rest(monkeypatch: pytest.MonkeyPatch, db: None) -> Rest:
    """A rest that begins at AT, in a house whose database tells whether it was written to."""
    monkeypatch.setattr(clock, "last_written", lambda: Deployment.objects.values_list("title", flat=True).first())
    launched = launch(at=NOON, title="as it was")
    Deployment.objects.filter(pk=launched.pk).update(lane=Lane.KEEPING, due_at=NOON + LATER)
    rest = Rest()
    assert rest.is_over(AT)
    rest.begin(AT)
    return rest


def due_after(seconds: float, lane: Lane) -> None:
    Deployment.objects.update(lane=lane, due_at=NOON + timedelta(seconds=seconds))


def test_nothing_is_asked_while_nobody_writes_and_no_row_is_due(rest: Rest) -> None:
    assert not rest.is_over(AT + TICK)
    assert not rest.is_over(AT + 2 * TICK)


def test_what_was_written_is_a_reason_to_ask_once(rest: Rest) -> None:
    Deployment.objects.update(title="another")
    assert rest.is_over(AT + TICK)
    assert not rest.is_over(AT + 2 * TICK)


def test_time_alone_is_a_reason_to_ask_every_ten_seconds(rest: Rest) -> None:
    assert rest.is_over(AT + ASKED_EVERY)


def test_a_row_that_comes_due_is_a_reason_to_ask(rest: Rest) -> None:
    due_after(5, Lane.KEEPING)
    rest.begin(AT)
    assert not rest.is_over(AT + 2 * TICK)
    assert rest.is_over(AT + 3 * TICK)


def test_a_person_who_will_wait_is_a_reason_to_ask_before_her_row_is_due(rest: Rest) -> None:
    due_after(5, Lane.PERSON)
    rest.begin(AT)
    assert not rest.is_over(AT + TICK)
    assert rest.is_over(AT + 2 * TICK)


def test_where_nobody_can_tell_what_was_written_each_tick_asks(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "last_written", lambda: None)
    assert rest.is_over(AT + TICK)
    assert rest.is_over(AT + 2 * TICK)


def test_a_clock_does_not_rest_while_the_database_does_not_answer(rest: Rest) -> None:
    with connection.execute_wrapper(away):
        rest.begin(AT)
    assert rest.is_over(AT + TICK)


def test_a_round_goes_on_until_all_that_is_due_was_asked(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    asked: list[str] = []
    monkeypatch.setattr(clock, "has_work", asked.append)
    monkeypatch.setattr(Rest, "is_over", lambda *_: len(asked) < 1)
    monkeypatch.setattr("celery.schedules.schedule.is_due", lambda *_: (True, 600))
    ours = Clock(app=app, lazy=True)
    ours.setup_schedule()
    assert [ours.tick() > 0 for _ in app.conf.beat_schedule] == [False] * len(app.conf.beat_schedule)
    assert ours.tick() > 0
    assert sorted(asked) == sorted(app.conf.beat_schedule)


@pytest.mark.django_db(transaction=True)
def test_a_database_with_a_journal_tells_that_it_was_written_to() -> None:
    House(name="One").save()
    before = last_written()
    House.objects.update(name="Another")
    assert (before is None) == (connection.vendor != "sqlite")
    assert before is None or last_written() != before


def test_content_is_fetched_when_a_minute_has_passed_or_somebody_asks(
    sends: Callable[[str], bool], owner: User, now: datetime
) -> None:
    open_one = scenes.ready(make_event(owner, at=now), at=now - timedelta(hours=1))
    fresh = Dataset.objects.filter(deployment=open_one)
    fresh.update(tried_at=now)
    assert not sends("mirrors")
    open_one.machines.update(pull_asked_at=now + timedelta(seconds=1))
    assert sends("mirrors")
    open_one.machines.update(pull_asked_at=None)
    fresh.update(tried_at=now - timedelta(seconds=61))
    assert sends("mirrors")
    fresh.update(tried_at=None)
    assert sends("mirrors")
    open_one.retire(by=None, at=now)
    assert not sends("mirrors")


def test_a_repository_is_looked_at_when_its_author_asks(
    sends: Callable[[str], bool], owner: User, now: datetime
) -> None:
    checks.ask("https://git.example.org/board", "HEAD", by=owner, at=now)
    assert sends("look")


def test_the_post_goes_when_something_has_happened_and_when_a_mail_is_due(
    sends: Callable[[str], bool], owner: User, now: datetime
) -> None:
    launch(make_event(owner, at=now), make_release(), at=now)
    assert sends("post")
    Entry.objects.update(noticed=True)
    assert not sends("post")
    outbox.put(HELLO, "anna@example.org", at=now)
    assert sends("post")


def test_the_webhook_is_told_where_there_is_one(sends: Callable[[str], bool], db: None) -> None:
    House(hook_address="https://monitor.example.org/hook", hook_key="k").save()
    assert sends("tell")


@pytest.mark.browser
def test_a_service_without_a_picture_gets_one(
    sends: Callable[[str], bool], owner: User, settings: Settings, now: datetime
) -> None:
    settings.FRONT_DOOR = "caddy"
    scenes.ready(make_event(owner, at=now), at=now)
    Picture.objects.all().delete()
    assert sends("photograph")


def away(*_: object) -> None:
    """As a database that has gone."""
    raise OperationalError("server closed the connection unexpectedly")


def test_where_the_database_does_not_answer_the_task_is_sent_and_tells_of_it(db: None) -> None:
    with connection.execute_wrapper(away):
        assert has_work("drain")


def test_a_clock_that_breaks_ends_its_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticking, "CLOCK", "portal.server.clock:Hourglass")
    monkeypatch.setattr(state, "should_terminate", None)
    ours = Ticking(app)
    ours.start()
    ours.join(20)
    assert state.should_terminate == EX_SOFTWARE
