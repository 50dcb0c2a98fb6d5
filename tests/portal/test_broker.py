"""A poke goes to our broker, appears whole, and never makes anybody wait."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from celery import current_app
from kombu import Connection
from pytest_django import Settings

from provisioning.tasks import reconcile

pytestmark = pytest.mark.thorough


def test_every_program_pokes_through_our_own_broker(settings: Settings) -> None:
    assert current_app.conf.broker_url == settings.BROKER_URL
    assert reconcile.app.main == "portal"


def test_a_message_in_the_folder_appears_whole_under_its_name(tmp_path: Path) -> None:
    options = {name: str(tmp_path) for name in ("data_folder_in", "data_folder_out")}
    with Connection("folder://", transport_options=options) as connection:
        queue = connection.SimpleQueue("whole")
        queue.put({"kind": "machine"})
        assert not list(tmp_path.glob(".*.new"))
        assert queue.get(block=False).payload == {"kind": "machine"}


def test_a_half_written_message_is_not_read(tmp_path: Path) -> None:
    options = {name: str(tmp_path) for name in ("data_folder_in", "data_folder_out")}
    with Connection("folder://", transport_options=options) as connection:
        queue = connection.SimpleQueue("half")
        (tmp_path / ".1_a.half.msg.new").write_text("")
        queue.put("whole")
        assert queue.get(block=False).payload == "whole"


def test_a_folder_that_is_emptied_with_everything_in_it_goes_on(tmp_path: Path) -> None:
    (folder := tmp_path / "broker").mkdir()
    options = {name: str(folder) for name in ("data_folder_in", "data_folder_out")}
    with Connection("folder://", transport_options=options) as connection:
        queue = connection.SimpleQueue("emptied")
        queue.put("lost")
        shutil.rmtree(folder)
        queue.put("kept")
        assert queue.get(block=False).payload == "kept"


POKE = """
import django; django.setup()
from provisioning.phases import Kind
from provisioning.tasks import poke
poke(Kind.DEPLOYMENT, 1)
print("poked")
"""


def test_a_broker_that_is_away_is_no_error_for_a_click() -> None:
    away = {**os.environ, "BROKER_URL": "redis://127.0.0.1:1", "DJANGO_SETTINGS_MODULE": "portal.settings"}
    told = subprocess.run([sys.executable, "-c", POKE], env=away, capture_output=True, text=True, check=False)
    assert told.stdout == "poked\n", told.stderr
