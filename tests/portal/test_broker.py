"""A poke goes to our broker, appears whole, and never makes anybody wait."""

from pathlib import Path

from celery import current_app
from kombu import Connection
from pytest_django import Settings

from provisioning.phases import Kind
from provisioning.tasks import poke, reconcile


def test_every_program_pokes_through_our_own_broker(settings: Settings) -> None:
    assert current_app.conf.broker_url == settings.BROKER_URL
    assert reconcile.app.main == "portal"


def test_a_message_in_the_folder_appears_whole_under_its_name(tmp_path: Path) -> None:
    options = {name: str(tmp_path) for name in ("data_folder_in", "data_folder_out")}
    with Connection(
        "folder://", transport_options=options | {"control_folder": str(tmp_path / "control")}
    ) as connection:
        queue = connection.SimpleQueue("click")
        queue.put({"kind": "machine"})
        assert not list(tmp_path.glob(".*.new"))
        assert queue.get(block=False).payload == {"kind": "machine"}


def test_a_half_written_message_is_not_read(tmp_path: Path) -> None:
    options = {name: str(tmp_path) for name in ("data_folder_in", "data_folder_out")}
    with Connection(
        "folder://", transport_options=options | {"control_folder": str(tmp_path / "control")}
    ) as connection:
        queue = connection.SimpleQueue("sweep")
        (tmp_path / ".1_a.sweep.msg.new").write_text("")
        queue.put("whole")
        assert queue.get(block=False).payload == "whole"


def test_a_broker_that_is_away_is_no_error_for_a_click(settings: Settings) -> None:
    current_app.pool.force_close_all()
    was, current_app.conf.broker_url = current_app.conf.broker_url, "redis://127.0.0.1:1"
    current_app.conf.broker_write_url = current_app.conf.broker_url
    try:
        poke(Kind.DEPLOYMENT, 1)
    finally:
        current_app.conf.broker_url = current_app.conf.broker_write_url = was
        current_app.pool.force_close_all()
