"""Mail servers with bad habits: nothing is lost, nothing comes twice, nobody waits for another, and people are told why."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest
from pytest_django import Settings

from portal.mail import outbox
from portal.mail.letters import Letter
from portal.mail.line import Line
from portal.mail.troubles import TROUBLES
from provisioning.models import Entry, Mail
from provisioning.phases import Happened
from tests.makers import NOON, make_event
from tests.portal import scenes
from tests.portal.post_office import Post, dripping, open_office, own_certificate, use

pytestmark = [pytest.mark.thorough, pytest.mark.django_db]
HELLO = Letter("Grüße", "It is **open**.\n", "<p>It is open.</p>", "ready")


@pytest.fixture
def office(settings: Settings) -> Iterator[Post]:
    with open_office(settings) as post:
        yield post


def owe(*recipients: str) -> None:
    for recipient in recipients:
        outbox.put(HELLO, recipient, at=NOON)


def troubles() -> dict[str, str]:
    """What is wrong with what has not left, by reader."""
    return dict(outbox.unsent().values_list("recipient", "trouble"))


def post_for(span: timedelta) -> None:
    """Let the post go whenever something is due."""
    at = NOON
    while at <= NOON + span:
        outbox.post(at)
        due = outbox.unsent().order_by("due_at").values_list("due_at", flat=True).first()
        at = max(due, at + timedelta(seconds=5)) if due else NOON + span + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("reader", "trouble", "answer"),
    [
        ("refused@example.org", "address", "550 nobody here"),
        ("later@example.org", "later", "451 greylisted, come back later"),
        ("blocked@example.org", "content", "554 looks like spam"),
        ("dies@example.org", "broke-off", "Connection unexpectedly closed"),
    ],
)
def test_what_is_wrong_with_one_mail_is_told_and_hinders_no_other(
    office: Post, reader: str, trouble: str, answer: str
) -> None:
    owe("anna@example.org", reader, "bert@example.org")
    assert outbox.post(NOON) == 2
    assert {mail["To"] for mail in office.mails()} == {"anna@example.org", "bert@example.org"}
    (waits,) = outbox.unsent()
    assert (waits.recipient, waits.trouble) == (reader, trouble)
    assert waits.answer.startswith(answer)


def test_a_server_that_puts_strangers_off_gets_the_mail_when_it_wants_it_and_once(office: Post) -> None:
    owe("later@example.org")
    post_for(timedelta(hours=1))
    assert len(office.taken) == 1
    sent = Mail.objects.get()
    assert (sent.tries, sent.trouble, sent.answer) == (3, "", "")


def test_a_server_that_dies_in_the_middle_of_a_mail_has_not_got_it_and_is_asked_again(office: Post) -> None:
    owe("dies@example.org")
    outbox.post(NOON)
    Mail.objects.update(recipient="anna@example.org")  # it lives again
    post_for(timedelta(hours=1))
    assert len(office.taken) == 1


def test_a_mail_of_which_nobody_knows_whether_it_was_taken_comes_twice_with_the_same_id(office: Post) -> None:
    owe("mute@example.org")
    post_for(timedelta(hours=1))
    first, second = office.mails()
    assert first["Message-ID"] == second["Message-ID"]
    assert outbox.post(NOON + timedelta(days=1)) == 0


def test_a_wrong_password_is_tried_once_a_round_however_many_mails_wait(settings: Settings) -> None:
    with open_office(settings, asks=True) as post:
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "fair", "wrong"
        owe(*(f"reader-{n}@example.org" for n in range(20)))
        assert outbox.post(NOON) == 0
        assert set(troubles().values()) == {"password"}
        assert post.logins <= 2  # smtplib tries each way of telling the same password
        settings.EMAIL_HOST_PASSWORD = "right"
        assert outbox.post(NOON + timedelta(minutes=1)) == 20


@pytest.mark.parametrize("way", ["EMAIL_USE_SSL", "EMAIL_USE_TLS"])
def test_a_server_with_a_wrong_certificate_is_told_nothing(settings: Settings, tmp_path: Path, way: str) -> None:
    context = own_certificate(tmp_path)
    kind = {"ssl_context": context} if way == "EMAIL_USE_SSL" else {"tls_context": context}
    with open_office(settings, **kind) as post:
        setattr(settings, way, True)
        owe("anna@example.org")
        assert outbox.post(NOON) == 0
        assert troubles() == {"anna@example.org": "certificate"}
        assert (post.tried, post.taken) == ([], [])


def test_a_server_that_encrypts_otherwise_than_the_settings_say_is_told_so(settings: Settings, office: Post) -> None:
    owe("anna@example.org")
    settings.EMAIL_USE_TLS = True
    outbox.post(NOON)
    assert troubles() == {"anna@example.org": "not-offered"}
    settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = False, True
    outbox.post(NOON + timedelta(hours=1))
    assert troubles() == {"anna@example.org": "encryption"}


def test_a_server_that_hangs_is_hung_up_on_and_the_others_get_their_mail(
    office: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Line, "lasts", 0.5)
    owe("hangs@example.org", "anna@example.org")
    assert outbox.post(NOON) == 1
    assert troubles() == {"hangs@example.org": "slow"}


def test_a_server_that_talks_without_end_is_hung_up_on(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Line, "lasts", 0.5)
    with dripping(settings):
        owe("anna@example.org")
        assert outbox.post(NOON) == 0
    assert troubles() == {"anna@example.org": "slow"}


def test_a_round_begins_no_mail_once_its_time_is_over(office: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "BEGUN_WITHIN", 0)
    owe("anna@example.org")
    assert outbox.post(NOON) == 0
    assert Mail.objects.get().tries == 0


def test_nobody_else_takes_a_mail_while_it_may_still_be_on_its_way() -> None:
    longest = timedelta(seconds=outbox.BEGUN_WITHIN + Line.lasts)
    assert longest + timedelta(seconds=30) < outbox.CLAIM


def test_a_second_round_in_the_same_program_does_not_wait_for_the_first(office: Post) -> None:
    owe("anna@example.org")
    with outbox._round:
        began = monotonic()
        assert outbox.post(NOON) == 0
        assert monotonic() - began < 5
    assert outbox.post(NOON) == 1


def test_a_server_that_nobody_knows_and_one_that_is_away_are_told_apart(settings: Settings) -> None:
    use(settings, 1)
    owe("anna@example.org")
    outbox.post(NOON)
    assert troubles() == {"anna@example.org": "away"}
    settings.EMAIL_HOST = "mail.invalid"
    outbox.post(NOON + timedelta(hours=1))
    assert troubles() == {"anna@example.org": "name"}


def test_an_address_that_no_mail_can_be_written_to_hinders_nobody(office: Post) -> None:
    owe("a b@exa mple.org", "anna@example.org")
    assert outbox.post(NOON) == 1
    assert set(troubles()) == {"a b@exa mple.org"}


def test_six_hours_without_a_server_lose_nothing_and_bring_nothing_twice(settings: Settings) -> None:
    use(settings, 1)
    readers = [f"reader-{n}@example.org" for n in range(60)]
    owe(*readers)
    post_for(timedelta(hours=6))
    with open_office(settings) as post:
        for minutes in range(0, 120, 5):
            outbox.post(NOON + timedelta(hours=6, minutes=minutes))
    assert sorted(mail["To"] for mail in post.mails()) == sorted(readers)


def test_after_three_days_a_mail_is_given_up_with_an_entry_about_its_service(office: Post) -> None:
    deployment = scenes.ready(make_event())
    outbox.put(HELLO, "refused@example.org", at=NOON, entry=deployment.entries.first())
    post_for(timedelta(days=4))
    told = Entry.objects.get(happened=Happened.MAIL)
    assert (told.deployment, told.told) == (deployment, {"letter": "ready", "trouble": "address"})
    assert told.at - NOON >= outbox.TRIED_FOR
    (lost,) = outbox.given_up()
    assert lost.tries > 70
    outbox.post(NOON + timedelta(days=5))
    assert outbox.given_up().get().tries == lost.tries


def test_what_was_given_up_can_be_tried_again_or_let_go(office: Post) -> None:
    owe("refused@example.org", "refused-2@example.org")
    post_for(timedelta(days=4))
    Mail.objects.filter(recipient="refused@example.org").update(recipient="anna@example.org")
    later = NOON + timedelta(days=5)
    assert outbox.again(later) == 2
    assert outbox.post(later) == 1
    outbox.post(later + timedelta(days=4))
    assert outbox.let_go() == 1
    assert not outbox.given_up()


def test_every_trouble_has_its_words(office: Post) -> None:
    for trouble in TROUBLES.values():
        assert str(trouble.happened).endswith(".")
        assert str(trouble.can).endswith(".")
