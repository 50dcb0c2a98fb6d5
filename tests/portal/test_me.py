"""A person's own room: mails one may do without, another mail address, one's data, and the way out."""

import io
import json
import zipfile
from datetime import datetime

from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.test import Client

from portal.mail import notices
from portal.models import User
from portal.people import leaving
from provisioning.models import Deployment, Entry, Mail
from provisioning.phases import Happened, Phase, Wanted
from tests.makers import make_event
from tests.portal import scenes
from tests.portal.test_accounts import PASSWORD, code


def unpacked(visit: Client) -> dict[str, list[dict[str, object]]]:
    with zipfile.ZipFile(io.BytesIO(visit.get("/me/data").content)) as file:
        return {name: json.loads(file.read(name)) for name in file.namelist()}


def test_mails_that_one_can_do_without_are_switched_off(visit: Client, owner: User, now: datetime) -> None:
    visit.post("/me/mails", {"wanted": ["failed", "silent"]})
    owner.refresh_from_db()
    assert owner.mails_off == ["ready"]
    scenes.ready(make_event(owner, at=now), at=now)
    notices.write(now)
    assert not Mail.objects.filter(subject__icontains="ready").exists()


def test_no_form_switches_off_what_concerns_ones_data(visit: Client, owner: User) -> None:
    page = visit.get("/me").context["mails"]
    offered = {name for name, _ in page.fields["wanted"].choices}
    assert not offered & {"warning", "ended", "held", "shut", "full"}


def test_the_download_holds_what_is_theirs_and_nothing_of_others(
    visit: Client, owner: User, stranger: User, now: datetime
) -> None:
    mine, other = (scenes.ended(make_event(person, at=now), at=now) for person in (owner, stranger))
    Mail.objects.create(recipient=owner.email.upper(), subject="hello", text="x", created_at=now, due_at=now)
    told = unpacked(visit)
    assert told["account.json"][0]["email"] == owner.email
    assert [one["key"] for one in told["services.json"]] == [mine.key]
    assert len(told["events.json"]) == len(told["mails.json"]) == len(told["kept-copies.json"]) == 1
    assert other.key not in json.dumps(told)
    assert "correct-horse-battery" not in json.dumps(told)


def test_the_mail_address_changes_with_the_code_and_not_before(client: Client, db: None) -> None:
    person = User.objects.create_user(username="anna", email="anna@example.org", password=PASSWORD)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    client.post("/accounts/email/", {"email": "new@example.org", "action_add": ""})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": "/accounts/email/"})
    person.refresh_from_db()
    assert person.email == "anna@example.org"
    client.post("/accounts/confirm-email/", {"code": code()})
    person.refresh_from_db()
    assert person.email == "new@example.org"
    assert [known.email for known in EmailAddress.objects.all()] == ["new@example.org"]


def test_whoever_finds_an_open_browser_cannot_change_the_mail_address(visit: Client, owner: User) -> None:
    owner.set_password(PASSWORD)
    owner.save()
    visit.force_login(owner)
    answer = visit.post("/accounts/email/", {"email": "new@example.org", "action_add": ""})
    assert "/accounts/reauthenticate/" in answer.headers["Location"]
    assert not Mail.objects.exists()


def test_looking_at_the_way_out_changes_nothing(visit: Client, owner: User, now: datetime) -> None:
    service = scenes.ready(make_event(owner, at=now), at=now)
    page = visit.get("/me/delete").content.decode()
    assert service.title in page
    answer = visit.post("/me/delete", {"email": "somebody@example.org"})
    assert b"Nothing was deleted" in answer.content
    service.refresh_from_db()
    assert (service.wanted, User.objects.get(pk=owner.pk).is_active) == (Wanted.UP, True)


def test_who_leaves_ends_their_services_and_is_forgotten_when_they_are_gone(
    visit: Client, owner: User, now: datetime
) -> None:
    service, other = scenes.ready(make_event(owner, at=now), at=now), Client()
    other.force_login(owner)
    assert visit.post("/me/delete", {"email": owner.email.upper()}).headers["Location"] == "/goodbye"
    assert not Session.objects.exists()
    assert Deployment.objects.get().wanted == Wanted.GONE
    assert visit.get("/home").status_code == other.get("/home").status_code == 302
    assert leaving.forget_leavers(now) == 0
    left = {"asked_at": now, "removal_asked_at": now, "absent_at": now, "settled": "archived", "due_at": None}
    scenes.change(service.machines.get(), wanted=Wanted.GONE, phase=Phase.GONE, **left)
    scenes.change(service, phase=Phase.GONE, due_at=None)
    assert leaving.forget_leavers(now) == 1
    owner.refresh_from_db()
    assert (owner.email, owner.first_name, owner.has_usable_password()) == ("", "", False)


def test_the_last_administrator_cannot_leave(desk: Client, staff: User) -> None:
    assert b"You are the only administrator" in desk.get("/me/delete").content
    desk.post("/me/delete", {"email": staff.email})
    assert User.objects.filter(pk=staff.pk, is_active=True).exists()


def test_what_happened_still_tells_how_long_it_took(owner: User, now: datetime) -> None:
    service = scenes.ended(make_event(owner, at=now), at=now)
    service.archives.update(deleted_at=now)
    leaving.leave(owner, at=now)
    assert leaving.forget(owner, now)
    phases = Entry.objects.filter(deployment=service, happened=Happened.PHASE).order_by("at", "pk")
    assert [one.told["phase"] for one in phases] == ["gone", "ready"]
