"""Homes and checkouts whose path has a space, an umlaut, a plus, or what addresses mean something else by."""

import os
import subprocess
import tempfile
from pathlib import Path

import environ
import pytest

from cli import doctor, env_file, mounts, portal_files, restore, venv
from cli import service as systemd
from cli.home import CHECKOUT, file_url
from provisioning.front_door.visits import Visits
from provisioning.step import RouteLine
from tests.front_door.doors import Caddy, Site
from tests.waiting import until

NAME = "Schülers Fest, c++ #1? 100%20"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FAIRGROUND_HOME", str(tmp_path / NAME))
    for name in ("DATABASE_URL", "BROKER_URL", "CACHE_URL", "BACKUPS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / NAME).mkdir()
    return tmp_path / NAME


def test_a_portal_is_set_up_in_any_home(home: Path) -> None:
    code = (
        "import django; django.setup(); from django.core import cache, management\n"
        "for words in (['migrate', '-v0'], ['starter']): management.call_command(*words)\n"
        "cache.cache.set('kept', 'here')"
    )
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "portal.settings", "STATIC_HASHED": "0"}
    done = subprocess.run([venv.PYTHON, "-c", code], cwd=CHECKOUT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-1000:]
    assert {path.name for path in home.parent.iterdir()} == {NAME}
    assert {"fairground.sqlite3", "starter", "mirrors", "cache"} <= {path.name for path in home.iterdir()}


def test_a_folder_that_needs_no_other_letters_is_addressed_as_ever() -> None:
    assert file_url(Path("/srv/fair@school,a=b/c++/starter")) == "file:///srv/fair@school,a=b/c++/starter"


@pytest.mark.parametrize("url", ["sqlite:////srv/a%20b/c+d.sqlite3", "sqlite:///beside/us.sqlite3", ""])
def test_the_databases_file_is_that_of_the_portal(home: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    name = environ.Env().db_url("DATABASE_URL")["NAME"] if url else home / portal_files.SQLITE
    assert portal_files.sqlite_file() == CHECKOUT / name


def test_commands_that_are_told_can_be_copied(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systemd, "CHECKOUT", Path("/srv/Fest am See"))
    assert 'ExecStart="/srv/Fest am See/fairground" up --yes' in systemd.unit()
    (home / "backups").mkdir()
    (home / "backups" / "one.tar").touch()
    assert f"'{home}/backups/one.tar'" in doctor._mend_database()


def test_what_is_mounted_below_such_a_place_is_found() -> None:
    told = "overlay /srv/mit\\040Lücke/engine/data overlay rw,lowerdir=/a\\040b 0 0\nproc /proc proc rw 0 0\n"
    assert mounts.places(told) == ["/srv/mit Lücke/engine/data", "/proc"]
    assert "/proc" in mounts.mounted()


def test_after_a_restore_starter_apps_have_the_address_by_which_they_were_known(home: Path, tmp_path: Path) -> None:
    (tmp_path / "then.env").write_text("SECRET_KEY=one\n")
    restore._put_settings(tmp_path / "then.env", {}, str(home))
    assert env_file.read()["STARTER_URL"] == file_url(home / "starter")


@pytest.mark.caddy
def test_the_front_door_opens_and_counts_in_such_places(portal: Site, service: Site) -> None:
    with tempfile.TemporaryDirectory(prefix="fd", suffix="mit Lücke, c++") as folder:
        log = Path(folder, "visits", "visits.log")
        caddy = Caddy(Path(folder), portal, visits=Visits(str(log)))
        caddy.start()
        try:
            caddy.door.put(RouteLine("r1", "s1.apps.localhost", service.endpoint), within=5)
            caddy.door.mark_visits("key-of-monday", within=5)
            assert caddy.get("s1.apps.localhost", User_Agent="Firefox").status_code == 200
            until("the visit is noted", log.exists)
        finally:
            caddy.kill()
