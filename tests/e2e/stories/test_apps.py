"""The two apps that come along, launched for real, from the press to nothing left."""

import io
import json
import re
import tarfile
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.e2e.portal import Portal
from tests.e2e.service import Service
from tests.waiting import until

pytestmark = [pytest.mark.engine, pytest.mark.caddy]
LONG = 240.0
"""Seconds for an app that is installed from Debian's packages."""


@pytest.fixture(scope="module")
def both(portal: Portal) -> tuple[Service, Service]:
    return portal.launch("results-board"), portal.launch("dokuwiki", title="Ada's “wiki” & more")


@pytest.fixture(scope="module")
def board(both: tuple[Service, Service]) -> Service:
    both[0].reaches("ready", LONG)
    return both[0]


@pytest.fixture(scope="module")
def wiki(both: tuple[Service, Service]) -> Service:
    both[1].reaches("ready", LONG)
    return both[1]


def sign_in(wiki: Service) -> httpx.Client:
    """With what was handed over on the service's page."""
    page = wiki.press("Show them")
    [address] = re.findall(r'<dd>\s*<a href="(.*?)"', page)
    name, password = re.findall(r"<code>(.*?)</code>", page)
    host = httpx.URL(address).netloc.decode()
    assert host == httpx.URL(wiki.address).netloc.decode()
    visitor = httpx.Client(
        base_url=f"http://127.0.0.1:{wiki.portal.apps_port}", headers={"Host": host}, trust_env=False, timeout=20
    )
    given = {"do": "login", "id": "start", "u": name, "p": password}
    visitor.post("/doku.php", data=given | _hidden(visitor.get("/doku.php?id=start&do=login").text))
    return visitor


def _hidden(page: str) -> dict[str, str]:
    """The fields of DokuWiki's form that nobody sees."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))


def test_ready_means_that_the_page_was_seen_and_holds_what_it_should(board: Service) -> None:
    answer = json.loads(board.row["answer"])
    assert (answer["status"], answer["matched"]) == (200, "Results board")
    assert f'Newest: <time datetime="{datetime.now(UTC).date()}"' in board.page().text
    assert "Upload a photo" in board.page().text
    assert board.address in board.by.look(f"/services/{board.key}")


def test_content_of_a_new_day_shows_after_a_press(board: Service) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    assert tomorrow not in board.page().text
    board.portal.manage("starter", "--day", tomorrow)
    board.press("/pull")
    board.shows(f'Newest: <time datetime="{tomorrow}"')
    until("it is written down", lambda: board.machine["pulled_at"] == board.machine["pull_asked_at"])


def test_a_restart_starts_the_programs_anew_and_keeps_the_content(board: Service) -> None:
    before = board.inside("pgrep", "-o", "apache2")
    board.press("/restart")
    until("it is done", lambda: board.machine["restarted_at"] == board.machine["restart_asked_at"] is not None)
    board.shows("Upload a photo")
    assert board.inside("pgrep", "-o", "apache2") != before


def test_the_administrator_who_was_handed_over_can_sign_in_and_write(wiki: Service) -> None:
    assert "Ada&#039;s “wiki” &amp; more" in wiki.page("/doku.php?id=start").text
    admin = sign_in(wiki)
    form = _hidden(admin.get("/doku.php?id=plans&do=edit").text)
    admin.post("/doku.php?id=plans", data=form | {"wikitext": "We meet at noon.", "do[save]": "1"})
    assert "We meet at noon." in wiki.page("/doku.php?id=plans").text
    told = wiki.portal.rows(
        "SELECT * FROM provisioning_entry WHERE happened = 'look' AND deployment_id = ?", wiki.row["id"]
    )
    assert len(told) == 1


def test_a_stateless_service_ends_at_once_and_leaves_nothing(board: Service) -> None:
    board.end()
    board.reaches("gone")
    assert board.machine["settled"] == "never-loaded"
    assert_nothing_is_left(board)


def test_at_the_end_a_copy_was_read_back_that_holds_what_people_wrote(wiki: Service) -> None:
    wiki.end()
    wiki.reaches("gone")
    assert wiki.machine["settled"] == "archived"
    page = wiki.by.look(f"/services/{wiki.key}")
    link = re.search(r'href="(/services/\w+/copies/\d+)"', page)
    assert link
    with tarfile.open(fileobj=io.BytesIO(wiki.by.browser.get(link[1]).content)) as copy:
        written = copy.extractfile("var/lib/dokuwiki/data/pages/plans.txt")
        assert written
        assert written.read() == b"We meet at noon."
    assert_nothing_is_left(wiki)


def assert_nothing_is_left(service: Service) -> None:
    """No machine, network, line at the front door, key or secret; and its address says so."""
    machine = service.machine
    assert service.portal.left_of(machine["key"]) == []
    assert machine["key"] not in service.portal.roll_call()
    assert service.row["name"] not in service.portal.door_lines()
    assert [machine[name] for name in ("host_key", "login_key", "git_bearer", "git_bearer_sha256")] == [""] * 4
    gone = service.page()
    assert (gone.status_code, gone.headers["x-fairground-door"]) == (410, "none")
