"""The mailbox page: for whoever evaluates a Fairground on its own computer, and for nobody else."""

from datetime import datetime

import pytest
from django.test import Client
from pytest_django import Settings

from portal.mail import outbox
from portal.mail.letters import Letter


@pytest.fixture(autouse=True)
def a_mail(now: datetime, db: None) -> None:
    outbox.put(Letter("Your code", "It is 123456.\n<b>", ""), "anna@example.org", at=now)


def test_it_shows_what_was_written(client: Client) -> None:
    page = client.get("/mailbox").content.decode()
    assert "Your code" in page
    assert "It is 123456." in page
    assert "&lt;b&gt;" in page


@pytest.mark.parametrize("address", ["192.0.2.7", "10.0.0.1", "2001:db8::1"])
def test_it_answers_nobody_on_another_computer(client: Client, address: str) -> None:
    assert client.get("/mailbox", REMOTE_ADDR=address).status_code == 404


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip"])
def test_it_answers_nobody_who_came_through_a_proxy(client: Client, header: str) -> None:
    assert client.get("/mailbox", headers={header: "127.0.0.1"}).status_code == 404


def test_it_answers_nobody_where_mail_is_sent_for_real(client: Client, settings: Settings) -> None:
    settings.EMBEDDED_MAIL = False
    assert client.get("/mailbox").status_code == 404


def test_it_answers_no_other_name_than_ours(client: Client) -> None:
    assert client.get("/mailbox", headers={"host": "rebound.example"}).status_code == 400
