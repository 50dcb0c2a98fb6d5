"""Pictures of services' own pages: a real browser takes them, and nothing but the one address is asked."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from portal.camera import album, browser
from portal.camera.browser import NoPictureError
from portal.camera.shot import LARGEST, View, shoot
from portal.models import User
from portal.people import kept
from provisioning.models import Deployment, Picture
from provisioning.step import RouteLine
from tests.front_door.conftest import caddy, portal
from tests.front_door.doors import Caddy, Site, free_port, site
from tests.makers import make_event
from tests.portal import scenes
from tests.waiting import until

real = [pytest.mark.browser, pytest.mark.thorough]
DAY = timedelta(days=1)
__all__ = ["caddy", "portal"]  # fixtures of the front door
PAGE = """<title>Wiki</title><h1>Welcome</h1><img src="/own.png"><img src="http://localhost:{port}/elsewhere">
<img src="http://127.0.0.1:{port}/number"><iframe src="http://other.apps.localhost:{port}/frame"></iframe>
<script>new WebSocket("ws://127.0.0.1:{port}/socket"); fetch("/script")</script>"""
NOISE = "<canvas width=1024 height=640></canvas><script>{}</script>".format(
    "const c=document.querySelector('canvas').getContext('2d');const d=c.createImageData(1024,640);"
    "for(let i=0;i<d.data.length;i++)d.data[i]=i%4==3?255:(i*7919+(i>>5)*104729)%256;c.putImageData(d,0,0)"
)
HUNGRY = "<script>const all=[];setInterval(()=>all.push(new Uint8Array(40e6).fill(7)),20)</script>"


@pytest.fixture
def service() -> Iterator[Site]:
    with site() as opened:
        yield opened


def view(service: Site, host: str = "wiki-1a2b3c.apps.localhost") -> View:
    return View(f"http://{host}:{service.server_port}/", service.endpoint)


def shows(service: Site, page: str, status: int = 200, **headers: str) -> None:
    service.pages["/"] = (status, {name.replace("_", "-"): text for name, text in headers.items()}, page.encode())


def left_behind() -> list[Path]:
    return list(Path("/tmp").glob(f"{browser.prefix()}*"))


def is_webp(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


class TestShot:
    """Before a real browser."""

    pytestmark = real

    def test_the_page_is_seen_and_nothing_but_its_address_is_asked(self, service: Site) -> None:
        shows(service, PAGE.format(port=service.server_port))
        data = shoot(view(service))
        assert is_webp(data)
        assert 500 < len(data) <= LARGEST
        assert {path for _, path, _ in service.asked} - {"/favicon.ico"} == {"/", "/own.png", "/script"}
        assert {headers["host"] for _, _, headers in service.asked} == {
            f"wiki-1a2b3c.apps.localhost:{service.server_port}"
        }

    def test_the_front_doors_own_page_is_no_picture_of_the_service(self, service: Site) -> None:
        shows(service, "being set up", X_Fairground_Door="none")
        with pytest.raises(NoPictureError, match="front door"):
            shoot(view(service))

    @pytest.mark.caddy
    def test_behind_a_real_front_door_it_is_seen_once_the_door_leads_there(self, service: Site, caddy: Caddy) -> None:
        shows(service, "<h1>Welcome</h1>")
        host = "wiki-1a2b3c.apps.localhost"
        here = View(f"http://{host}:{caddy.port}/", caddy.endpoint)
        with pytest.raises(NoPictureError, match="front door"):
            shoot(here)
        caddy.door.put(RouteLine("r1", host, service.endpoint), within=5)
        assert is_webp(shoot(here))

    def test_an_error_is_no_picture(self, service: Site) -> None:
        shows(service, "broken", 500)
        with pytest.raises(NoPictureError, match="status 500"):
            shoot(view(service))

    def test_a_page_that_leads_elsewhere_is_no_picture(self, service: Site) -> None:
        shows(service, "", 302, Location=f"http://127.0.0.1:{service.server_port}/other")
        service.pages["/other"] = (200, {}, b"somebody else's")
        with pytest.raises(NoPictureError):
            shoot(view(service))
        assert "/other" not in {path for _, path, _ in service.asked}

    def test_nobody_there_is_no_picture(self, service: Site) -> None:
        nowhere = View(view(service).url, service.endpoint.__class__("127.0.0.1", free_port()))
        with pytest.raises(NoPictureError):
            shoot(nowhere)

    def test_a_picture_that_is_too_large_is_not_kept(self, service: Site) -> None:
        shows(service, NOISE)
        with pytest.raises(NoPictureError, match="too large"):
            shoot(view(service))

    def test_a_page_that_eats_memory_is_ended(self, service: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(browser, "MOST_MEMORY", 350 * 1024 * 1024)
        monkeypatch.setattr("portal.camera.shot.SETTLES", 20)
        shows(service, HUNGRY)
        with pytest.raises(NoPictureError):
            shoot(view(service))

    def test_time_is_bounded(self, service: Site) -> None:
        shows(service, "<script>while (true);</script>")
        with pytest.raises(NoPictureError, match="too long"):
            shoot(view(service), within=4)

    def test_nothing_is_left_of_it_and_it_was_nobodys(self, service: Site) -> None:
        shows(service, "hello")
        before = left_behind()
        with browser.browser(view(service).rules, within=20) as running:
            running.ask("Browser.getVersion")
            owners = {Path(f"/proc/{number}").stat().st_uid for number in browser.processes(running.child.pid)}
            assert 0 not in owners
        until("all of it has ended", lambda: not list(browser.processes(running.child.pid)))
        assert left_behind() == before

    def test_it_ends_when_whoever_began_it_is_killed(self, tmp_path: Path) -> None:
        told = tmp_path / "session"
        words = (
            "import pathlib, time; from portal.camera import browser\n"
            "with browser.browser(['MAP * ~NOTFOUND'], within=60) as running:\n"
            "    running.ask('Browser.getVersion')\n"
            f"    pathlib.Path({str(told)!r}).write_text(str(running.child.pid)); time.sleep(60)"
        )
        child = subprocess.Popen([sys.executable, "-c", words])
        until("it runs", lambda: told.exists() and told.read_text())
        child.kill()
        child.wait()
        until("it has ended", lambda: not list(browser.processes(int(told.read_text()))))

    def test_what_a_killed_one_left_is_swept(self, tmp_path: Path) -> None:
        stale = Path("/tmp") / f"{browser.prefix()}stale{os.getpid()}"
        stale.mkdir()
        os.utime(stale, (0, 0))
        browser.sweep()
        assert not stale.exists()

    def test_an_open_service_gets_its_picture_once_a_day(
        self, album_of: Deployment, service: Site, now: datetime
    ) -> None:
        shows(service, "<h1>hello</h1>")
        Picture.objects.all().delete()
        assert album.photograph(now)
        assert is_webp(bytes(Picture.objects.get(deployment=album_of).data))
        assert not album.photograph(now + timedelta(hours=23))
        assert album.photograph(now + timedelta(hours=25))


@pytest.fixture
def album_of(owner: User, service: Site, settings: Settings, now: datetime) -> Deployment:
    """An open service that answers behind our front door."""
    settings.FRONT_DOOR = "caddy"
    settings.FRONT_DOOR_LISTEN = f":{service.server_port}"
    settings.APPS_PORT = service.server_port
    return scenes.ready(make_event(owner, at=now), at=now - timedelta(hours=1))


def is_due(deployment: Deployment, at: datetime) -> bool:
    return Deployment.objects.filter(Picture.is_due(at), pk=deployment.pk).exists()


def test_without_a_browser_there_is_no_picture_and_no_error(
    album_of: Deployment, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "PROGRAMS", ("no-such-browser",))
    assert not album.photograph(now + DAY * 2)


def test_two_at_once_are_one(album_of: Deployment, now: datetime) -> None:
    cache.set(album.BUSY, True)
    assert not album.photograph(now + DAY * 2)
    assert Picture.objects.claim(album_of, now + DAY)
    assert Picture.objects.claim(album_of, now + DAY * 2)


@pytest.mark.parametrize("scene", ["waiting", "building", "silent", "shut", "failed", "leaving", "ended"])
def test_what_is_not_open_is_not_photographed_and_shows_no_picture(
    visit: Client, owner: User, now: datetime, scene: str
) -> None:
    deployment = scenes.SCENES[scene](make_event(owner, at=now), at=now)
    assert not is_due(deployment, now + DAY * 2)
    assert visit.get(f"/services/{deployment.key}/picture").status_code == (200 if scene == "silent" else 404)


def test_a_picture_that_comes_when_it_was_taken_off_is_not_kept(owner: User, now: datetime) -> None:
    deployment = scenes.ready(make_event(owner, at=now), at=now)
    assert Picture.objects.claim(deployment, now + DAY)
    deployment.suspend(by=owner, why="a report", at=now)
    assert not Picture.objects.keep(deployment, b"picture", at=now + DAY)


def test_a_new_start_gets_a_new_picture_and_a_failed_try_another_hour(owner: User, now: datetime) -> None:
    deployment = scenes.ready(make_event(owner, at=now), at=now)
    assert not is_due(deployment, now + timedelta(hours=1))
    scenes.change(deployment, ready_at=now + timedelta(minutes=30))
    assert is_due(deployment, now + timedelta(hours=1))
    Picture.objects.update(taken_at=None, tried_at=now + timedelta(minutes=31))
    assert not is_due(deployment, now + timedelta(hours=1))
    assert is_due(deployment, now + timedelta(hours=2))


def test_the_picture_goes_with_the_service(owner: User, now: datetime) -> None:
    scenes.ended(make_event(owner, at=now), at=now)
    staying = scenes.ready(make_event(owner, at=now), at=now)
    kept.tidy(now)
    assert [picture.deployment for picture in Picture.objects.all()] == [staying]


def test_the_page_shows_it_with_words_for_those_who_do_not_see_it(visit: Client, owner: User, now: datetime) -> None:
    deployment = scenes.ready(make_event(owner, at=now), at=now, title="Wiki")
    page = visit.get(f"/services/{deployment.key}").content.decode()
    assert "The first page of Wiki, as visitors saw it" in page
    answer = visit.get(f"/services/{deployment.key}/picture")
    assert (answer.headers["Content-Type"], answer.content) == ("image/webp", scenes.PAGE_SEEN)
    assert "private" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
