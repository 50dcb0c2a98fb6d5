"""Who looks after an app is told that it did not start: by a press, once, and with nothing in it that is nobody's business."""

import re
from datetime import datetime, timedelta
from html import unescape

import pytest
from django.test import Client

from portal.mail import maintainer, notices, outbox
from portal.models import User
from provisioning.models import Deployment, Entry, LogChunk, Machine, Mail
from provisioning.phases import Happened
from tests.makers import make_event, make_person, make_release
from tests.portal import scenes
from tests.portal.scenes import change

ADA = "ada@example.org"
PARAMS = """
[[param]]
id = "door"
type = "secret"
label = "Password"
[[param]]
id = "town"
label = "Town"
default = "Linden"
[[param]]
id = "page"
type = "long-text"
label = "First page"
[[output]]
id = "admin"
label = "First password"
once = true
[archive]
paths = ["/srv/board"]
"""
VALUES = {"door": 'a/b c"d', "town": "Hannover", "page": "Dear all,\nStella turns ten"}
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----"
SECRET = {
    "the password is hunter22": "hunter22",
    "DB_PASSWORD=hunter22": "hunter22",
    "mysql --password hunter22": "hunter22",
    "{'api_key': 'hunter22'}": "hunter22",
    "Authorization: Bearer hunter22hunter22": "hunter22",
    "fetching https://x:hunter22@example.org/": "hunter22",
    "fetching https://hunter22@example.org/": "hunter22",
    "GET https://example.org/?key=hunter22": "hunter22",
    "token fair_hunter22": "hunter22",
    f"writing {KEY} to disk": "b3Blb",
    'door is a/b c"d': "a/b",
    "?door=a%2Fb%20c%22d&x": "a%2Fb",
    r'{"door": "a/b c\"d"}': "a/b",
    "Town: Hannover": "Hannover",
    "> Stella turns ten": "Stella",
    "made admin with tomato-sauce": "tomato",
    "login: opensesame": "opensesame",
    "asked for by Ms Weber": "Weber",
    "mail to weber@example.org, bert@example.org": "@",
    "for Linden school fair": "school fair",
    "title: Stella's board": "Stella",
}


@pytest.fixture
def failed(owner: User, now: datetime) -> Deployment:
    """A service of Ms Weber's that its app is to blame for."""
    User.objects.filter(pk=owner.pk).update(first_name="Ms Weber", email="weber@example.org")
    owner.refresh_from_db()
    event = make_event(owner, at=now, name="Linden school fair")
    deployment = scenes.failed(event, at=now, title="Stella's board")
    change(deployment, release=make_release(end=PARAMS), values=VALUES)
    change(machine_of(deployment), outputs={"admin": "tomato-sauce"}, git_bearer="opensesame")
    return deployment


def machine_of(deployment: Deployment) -> Machine:
    machine = deployment.machine()
    assert machine is not None
    return machine


def says(deployment: Deployment, said: str, offset: int = 1000) -> None:
    """Its installer printed this too."""
    data = f"\n{said}\n".encode()
    LogChunk.objects.create(
        machine=machine_of(deployment), job="install-1-aaaa", offset=offset, size=len(data), data=data
    )


def shown(visit: Client, deployment: Deployment) -> str:
    return unescape(visit.get(f"/services/{deployment.key}/tell").content.decode())


def press(visit: Client, deployment: Deployment, page: str = "", **given: str) -> str:
    read = re.search(r'name="read" value="(\w+)"', page or shown(visit, deployment))
    sent = {"read": read[1] if read else ""} | given
    return unescape(visit.post(f"/services/{deployment.key}/tell", sent, follow=True).content.decode())


def fails_again(deployment: Deployment) -> None:
    """It was tried again, and it failed again."""
    change(deployment, attempt=deployment.attempt + 1, failed_attempt=deployment.attempt + 1)


def test_opening_the_page_shows_all_of_it_and_sends_nothing(visit: Client, failed: Deployment) -> None:
    page = shown(visit, failed)
    assert [words for words in ("Ada", ADA, "Setting up php8.2 ...", "connection refused") if words not in page] == []
    assert not Mail.objects.exists()
    assert not Entry.objects.filter(happened=Happened.LETTER).exists()


def test_what_was_shown_is_sent_once_however_often_it_is_pressed(visit: Client, failed: Deployment) -> None:
    page = shown(visit, failed)
    assert "It is on its way to Ada." in press(visit, failed, page)
    press(visit, failed, page)
    mail = Mail.objects.get()
    assert mail.recipient == ADA
    assert mail.subject in page
    assert mail.text.strip() in page
    assert Entry.objects.get(happened=Happened.LETTER).by == failed.owner


def test_of_two_presses_at_once_one_owes_a_mail(failed: Deployment, now: datetime) -> None:
    (to,) = failed.manifest.maintainers
    mail = maintainer.written(failed, to)
    assert [maintainer.tell(failed, to, mail, by=failed.owner, at=now) for _ in range(2)] == [True, False]
    assert Mail.objects.count() == 1


def test_its_page_says_when_they_were_told_and_offers_it_no_more(visit: Client, failed: Deployment) -> None:
    path = f"/services/{failed.key}"
    assert "Tell the app's maintainer" in visit.get(path).content.decode()
    page = press(visit, failed)
    assert "Ada, who looks after this app, was told on" in page
    assert f"{path}/tell" not in page
    assert "told the app's maintainer that it did not start." in page


@pytest.mark.parametrize("said", SECRET)
def test_nothing_that_is_secret_or_was_typed_in_is_sent(visit: Client, failed: Deployment, said: str) -> None:
    says(failed, said)
    press(visit, failed)
    text = Mail.objects.get().text.replace("fair_", "")
    assert "Setting up php8.2" in text
    assert SECRET[said] not in text


def test_what_anybody_may_know_stays(visit: Client, failed: Deployment) -> None:
    known = "E: php8.4 at http://deb.debian.org/debian/pool/main for Notice board in Linden"
    says(failed, known)
    assert known in shown(visit, failed)


def test_a_line_of_which_only_the_end_was_read_is_left_out(visit: Client, failed: Deployment) -> None:
    LogChunk.objects.all().delete()
    says(failed, "x" * 300, offset=0)
    for number in range(200):
        says(failed, f"line {number}" if number else "sesame", offset=400 + number)
    LogChunk.objects.filter(offset=400).update(data=b"sesame\nand")
    assert "sesame" not in shown(visit, failed)
    assert "line 199" in shown(visit, failed)


def test_who_launched_it_stands_in_it_only_if_they_want_an_answer(visit: Client, failed: Deployment) -> None:
    press(visit, failed)
    fails_again(failed)
    press(visit, failed, back="on")
    without, with_it = Mail.objects.order_by("pk")
    assert "Weber" not in f"{without.subject}{without.text}{without.html}"
    assert "Ms Weber (weber@example.org) would be glad of an answer." in with_it.text


def test_a_letter_with_more_in_it_than_was_shown_is_shown_again_and_not_sent(visit: Client, failed: Deployment) -> None:
    page = shown(visit, failed)
    says(failed, "E: no such package")
    assert "Nothing was sent yet" in press(visit, failed, page)
    assert not Mail.objects.exists()
    press(visit, failed)
    assert "E: no such package" in Mail.objects.get().text


def test_another_failure_may_be_told_too_but_only_so_many_in_a_day(visit: Client, failed: Deployment) -> None:
    for _ in range(maintainer.MOST):
        press(visit, failed)
        fails_again(failed)
    page = shown(visit, failed)
    assert "as many failures as you may within a day" in page
    assert "Send it" not in page
    press(visit, failed, read="anything")
    assert Mail.objects.count() == maintainer.MOST
    Entry.objects.update(at=failed.created_at - timedelta(days=1))
    assert "Send it" in shown(visit, failed)


def test_an_address_gets_only_so_many_in_a_day_whoever_they_are_from(
    visit: Client, failed: Deployment, now: datetime
) -> None:
    for _ in range(maintainer.MOST):
        other = make_person()
        service = scenes.failed(make_event(other, at=now), at=now)
        (to,) = service.manifest.maintainers
        assert maintainer.tell(service, to, maintainer.written(service, to), by=other, at=now)
    (to,) = failed.manifest.maintainers
    assert not maintainer.tell(failed, to, maintainer.written(failed, to), by=failed.owner, at=now)
    assert "This maintainer has had as many" in shown(visit, failed)
    assert Mail.objects.count() == maintainer.MOST


@pytest.mark.parametrize("change_to", [{"blame": "fabric"}, {"attempt": 2}, {"wanted": "gone"}])
def test_what_is_not_the_apps_fault_or_goes_on_is_told_to_nobody(
    visit: Client, failed: Deployment, change_to: dict[str, object]
) -> None:
    page = shown(visit, failed)
    change(failed, **change_to)
    assert "/tell" not in visit.get(f"/services/{failed.key}").content.decode()
    assert visit.get(f"/services/{failed.key}/tell").status_code == 302
    press(visit, failed, page)
    assert not Mail.objects.exists()


def test_who_may_only_look_is_not_offered_it(client: Client, staff: User, failed: Deployment) -> None:
    client.force_login(staff)
    assert "/tell" not in client.get(f"/services/{failed.key}").content.decode()


def test_it_leaves_as_it_was_read_even_if_it_waits_and_they_have_an_account(visit: Client, failed: Deployment) -> None:
    User.objects.create(email=ADA)
    press(visit, failed)
    mail = Mail.objects.get()
    Mail.objects.update(tries=3)
    later = mail.created_at + timedelta(hours=5)
    now_told = notices.tells_now(Mail.objects.get(), later)
    assert now_told is not None
    assert now_told.text == mail.text
    assert outbox.post(later, notices.tells_now) == 1


def test_what_a_program_printed_formats_nothing(visit: Client, failed: Deployment) -> None:
    printed = "```\n# <script>alert(1)</script> **bold** [here](http://evil.example)"
    says(failed, printed)
    press(visit, failed)
    mail = Mail.objects.get()
    assert "> # <script>alert(1)</script> **bold** [here](http://evil.example)" in mail.text
    assert "<script" not in mail.html
    assert 'evil.example"' not in mail.html
