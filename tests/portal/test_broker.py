"""A poke goes to our broker, appears whole, and never makes anybody wait."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from queue import Empty

import pytest
from celery import current_app
from kombu import Connection
from pytest_django import Settings

from portal.server.bell import Bells, ring
from portal.server.broker import LOOKS_ROUND, wake_all
from provisioning.tasks import reconcile
from tests.waiting import until

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


def test_who_waits_for_a_message_is_woken_by_it(tmp_path: Path) -> None:
    with closing(Bells(tmp_path)) as bells:
        bells.listen(["click"], 0)
        ring(tmp_path, "sweep")
        assert not bells.listen(["click"], 0)
        ring(tmp_path, "click")
        assert bells.listen(["click"], 600)
        assert not bells.listen(["click"], 0)


def test_a_bell_that_was_taken_away_is_hung_up_again(tmp_path: Path) -> None:
    with closing(Bells(tmp_path / "broker")) as bells:
        bells.listen(["click"], 0)
        shutil.rmtree(tmp_path / "broker")
        ring(tmp_path / "broker", "click")
        assert not bells.listen(["click"], 0)
        ring(tmp_path / "broker", "click")
        assert bells.listen(["click"], 600)


def test_a_bell_that_nobody_hears_rings_for_ever_and_hinders_nobody(tmp_path: Path) -> None:
    with closing(Bells(tmp_path)) as bells:
        bells.listen(["click"], 0)
        for _ in range(70_000):  # more than a pipe holds
            ring(tmp_path, "click")
        assert bells.listen(["click"], 600)


def test_a_reader_sleeps_until_a_message_comes_and_no_longer_than_it_was_told(tmp_path: Path) -> None:
    options = {name: str(tmp_path) for name in ("data_folder_in", "data_folder_out")}
    with Connection("folder://", transport_options=options) as connection:
        queue = connection.SimpleQueue("late")
        with pytest.raises(Empty):
            queue.get(timeout=0.05)
        sender = threading.Thread(target=put_when_somebody_listens, args=(tmp_path, options))
        sender.start()
        assert queue.get(timeout=600).payload == "late"
        sender.join()


def put_when_somebody_listens(folder: Path, options: dict[str, str]) -> None:
    until("somebody listens", (folder / "late.bell").exists)
    with Connection("folder://", transport_options=options) as connection:
        connection.SimpleQueue("late").put("late")


def test_a_reader_who_had_his_hands_full_is_woken_when_one_is_free(tmp_path: Path) -> None:
    options = {name: str(tmp_path) for name in ("data_folder_in", "data_folder_out")}
    with Connection("folder://", transport_options=options) as connection, closing(Bells(tmp_path)) as bells:
        queue = connection.SimpleQueue("full")
        queue.put("first")
        queue.consumer.qos(prefetch_count=1)
        first = queue.get(timeout=600)
        bells.listen(["full"], 0)
        first.ack()
        assert bells.listen(["full"], 0)


def test_a_worker_sleeps_long_and_is_woken_without_a_message_because_it_may_be_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept = []

    def listen(bells: Bells, names: Iterable[str], seconds: float) -> bool:
        slept.append(seconds)
        return real(bells, names, seconds)

    real = Bells.listen
    options = {name: str(tmp_path) for name in ("data_folder_in", "data_folder_out")}
    with Connection("folder://", transport_options=options) as connection, closing(Bells(tmp_path)) as bells:
        connection.SimpleQueue("idle").consumer.consume()
        bells.listen(["idle"], 0)  # now it hangs there
        wake_all(tmp_path)
        monkeypatch.setattr(Bells, "listen", listen)
        with pytest.raises(TimeoutError):
            connection.drain_events(timeout=LOOKS_ROUND)
    assert len(slept) == 1
    assert slept[0] > LOOKS_ROUND


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
