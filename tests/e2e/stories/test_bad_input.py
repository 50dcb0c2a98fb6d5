"""What authors and people may get wrong, or mean: values like shell, installers that fail, hang or never stop talking."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.portal import PROGRAMS, Portal
from tests.e2e.service import Service
from tests.waiting import until

pytestmark = [pytest.mark.engine, pytest.mark.caddy]
NASTY = "a 'b' \"c\" $(touch /srv/tiny/owned) `touch /srv/tiny/owned` \\ \\n ; & | ${HOME} %s é 🎪\n\n  two lines\n"
"""Everything that a shell, a page, an environment or a log might take for something else."""
JOBS = "/var/lib/fairground/jobs"


@pytest.fixture(scope="module")
def open_one(portal: Portal) -> Iterator[Service]:
    """A service with an unusual parameter."""
    service = portal.launch("tiny", words=NASTY)
    service.reaches("ready")
    yield service
    service.end()


def test_a_value_reaches_configure_byte_for_byte_and_never_a_shell(open_one: Service) -> None:
    for path in ("/words", "/words-of-env"):
        assert open_one.page(path).content == NASTY.encode()
    assert not open_one.has("/srv/tiny/owned")


def test_a_value_with_a_nul_is_refused_on_the_page(portal: Portal) -> None:
    portal.ada.look("/services/new?app=tiny")
    page = portal.ada.press("Set up", p_words="before\0after")
    assert "character in it that no text may hold" in page
    assert portal.ada.browser_at.path == "/services/new"


def test_an_installer_that_fails_shows_its_last_words_and_what_was_done_is_not_done_again(portal: Portal) -> None:
    service = portal.launch("tiny-needs-parts")
    service.reaches("failed")
    row = service.row
    assert (row["problem"], json.loads(row["problem_params"])) == (
        "install-failed",
        {"code": 3, "tail": "the parts are not to be had"},
    )
    page = service.by.look(f"/services/{service.key}")
    assert "the parts are not to be had" in page
    assert "stopped with an error" in page

    service.inside("touch", "/srv/tiny/open")
    service.press("Try again")
    service.reaches("ready")
    jobs = sorted(name.rpartition("-")[0] for name in service.inside("ls", JOBS).split())
    assert [name for name in jobs if name.startswith(("fetch", "install"))] == [
        "fetch-service-1",
        "install-1",
        "install-2",
    ]
    service.end()


def test_a_talkative_installer_is_cut_short_and_ends_well(portal: Portal) -> None:
    service = portal.launch("tiny-loud")
    service.reaches("ready")
    query = "SELECT COUNT(*) AS many, SUM(size) AS kept FROM provisioning_logchunk WHERE machine_id = ? AND job LIKE 'install%'"
    assert 0 < portal.rows(query, service.machine["id"])[0]["kept"] <= 3_000_000
    assert "very talkative" in service.by.look(f"/services/{service.key}")
    service.end()


def test_a_service_of_somebody_else_is_not_there(portal: Portal, open_one: Service) -> None:
    bob = portal.person("bob")
    here = f"/services/{open_one.key}"
    for path in ("", "/live", "/stream", "/copies/1"):
        assert bob.browser.get(f"{here}{path}").status_code == 404, path
    for wish in ("restart", "pull", "retry", "end", "outputs"):
        assert _post(bob.browser, f"{here}/{wish}") == 404, wish
    assert bob.browser.get(f"/events/{_event_of(open_one)}").status_code == 404
    assert open_one.row["wanted"] == "up"


@pytest.fixture
def hanging(portal: Portal) -> Iterator[Service]:
    """An installer that never ends, and has begun. It may take a minute; a manifest cannot give it less."""
    service = portal.launch("tiny-hang")
    until("the installer runs", lambda: service.machine.get("step") == "install" and service.has("/srv/tiny/runs"))
    yield service
    service.end()


def test_a_machine_reads_its_own_repositories_and_no_other(portal: Portal, open_one: Service, hanging: Service) -> None:
    mine, theirs = _git_access(open_one), _git_access(hanging)
    assert mine[0] != theirs[0]
    assert _reads(mine[0], mine[1]) == _reads(theirs[0], theirs[1]) == 200
    assert _reads(mine[0], theirs[1]) == _reads(theirs[0], mine[1]) == 404
    assert _reads(mine[0], "0" * 43) == 404


def test_a_hung_installer_ends_at_its_own_deadline_while_the_portal_is_dead(portal: Portal, hanging: Service) -> None:
    portal.kill(*PROGRAMS)
    look = ("sh", "-c", f"cat {JOBS}/install-*/exit.json || true")
    until("the machine ended it", lambda: "deadline" in hanging.inside(*look), 90)
    portal.start()
    hanging.reaches("failed")
    assert json.loads(hanging.row["problem_params"]) == {"code": 124, "tail": "this never ends"}


def _post(browser: httpx.Client, path: str) -> int:
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get("/services/new?app=tiny").text)
    assert token
    given = {"csrfmiddlewaretoken": token[1]}
    return browser.post(path, data=given, headers={"Referer": str(browser.base_url)}).status_code


def _event_of(service: Service) -> str:
    found = service.portal.rows("SELECT key FROM provisioning_event WHERE id = ?", service.row["event_id"])
    return str(found[0]["key"])


def _git_access(service: Service) -> tuple[str, str]:
    """Where a machine fetches its service, and what lets it in; as the machine itself was told."""
    told = service.inside("sh", "-c", "cat /var/lib/fairground/given/fetch-service-*.json")
    given = json.loads(told)
    return given["url"], given["bearer"]


def _reads(repository: str, bearer: str) -> int:
    """The door's answer to git's first question."""
    url = f"{repository}/info/refs?service=git-upload-pack"
    return httpx.get(url, headers={"Authorization": f"Bearer {bearer}"}, trust_env=False).status_code
