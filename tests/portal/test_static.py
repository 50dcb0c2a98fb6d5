"""Static files: whole, packed where the browser can unpack, and kept by it."""

import pytest
from django.test import Client
from pytest_django import Settings


@pytest.fixture(autouse=True)
def as_it_runs(settings: Settings) -> None:
    """Listed once, at the start."""
    settings.WHITENOISE_AUTOREFRESH = False


def test_a_file_comes_whole_and_with_its_kind(client: Client) -> None:
    answer = client.get("/static/site.css")
    assert answer.headers["Content-Type"].startswith("text/css")
    assert int(answer.headers["Content-Length"]) == len(answer.content) > 10_000


def test_a_part_of_a_file_may_be_asked_for(client: Client) -> None:
    answer = client.get("/static/site.css", headers={"range": "bytes=0-9"})
    assert (answer.status_code, len(answer.content)) == (206, 10)


def test_a_file_that_did_not_change_is_not_sent_again(client: Client) -> None:
    changed = client.get("/static/site.css").headers["Last-Modified"]
    assert client.get("/static/site.css", headers={"if-modified-since": changed}).status_code == 304


def test_there_is_no_way_out_of_the_folder(client: Client, db: None) -> None:
    assert client.get("/static/../portal/settings.py").status_code == 404
    assert client.get("/static/%2e%2e/portal/settings.py").status_code == 404
