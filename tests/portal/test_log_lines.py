"""What our programs write into their logs, and what never."""

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import signals
from django.test import Client
from kombu import Connection

from portal.celery import app
from portal.server.log_lines import HIDDEN, JsonLines, PlainLines, logging_of, passwords_in, request_id
from provisioning.tasks import reconcile

SECRETS = ["a-very-long-secret-key", "db-password-of-ours"]


@pytest.fixture
def click() -> Iterator[str]:
    """The id of a request that is being answered."""
    request_id.set("0011223344556677")
    yield request_id.get()
    request_id.set("")


def record(message: str, *given: object, **facts: object) -> logging.LogRecord:
    made = logging.LogRecord("portal.tests", logging.INFO, __file__, 1, message, given, None)
    made.__dict__ |= facts
    return made


def test_a_line_for_programs_is_one_object_with_its_facts(click: str) -> None:
    line = JsonLines(program="sweep").format(record("at %s", "install\nnow", key="ab12", step="install", seconds=0.2))
    told = json.loads(line)
    assert "\n" not in line
    assert told | {"time": ""} == {
        "time": "", "level": "info", "program": "sweep", "from": "portal.tests", "message": "at install\nnow",
        "request": click, "key": "ab12", "step": "install", "seconds": 0.2,
    }  # fmt: skip
    assert told["time"].endswith("+00:00")


def test_what_has_no_value_is_left_out() -> None:
    assert set(json.loads(JsonLines().format(record("quiet")))) == {"time", "level", "from", "message"}


@pytest.mark.parametrize("shape", [JsonLines, PlainLines])
@pytest.mark.parametrize(
    "told",
    [
        *SECRETS,
        "Authorization: Bearer abcdefgh12345678",
        "postgres://fairground:hunter2@db/fairground",
        "Basic dXNlcjpwYXNzd29yZA==",
    ],
)
def test_no_secret_gets_into_a_line(shape: type[JsonLines | PlainLines], told: str) -> None:
    line = shape(SECRETS).format(record("it said %r", told))
    assert HIDDEN in line
    assert not any(word in line for word in (*SECRETS, "abcdefgh12345678", "hunter2", "dXNlcjp"))


@pytest.mark.parametrize("shape", [JsonLines, PlainLines])
def test_no_secret_gets_into_a_traceback(shape: type[JsonLines | PlainLines]) -> None:
    made = record("it broke")
    try:
        raise ValueError(SECRETS[1])
    except ValueError:
        made.exc_info = sys.exc_info()
    line = shape(SECRETS).format(made)
    assert "ValueError" in line
    assert SECRETS[1] not in line


def test_the_secrets_of_the_settings_are_among_those_that_are_hidden() -> None:
    assert passwords_in("postgres://me:pa%21ssword@db/x", "redis://broker", "") == ["pa%21ssword", "pa!ssword"]


def test_an_unknown_shape_of_lines_is_refused() -> None:
    with pytest.raises(ValueError, match="must be 'json' or 'plain'"):
        logging_of("xml", "INFO", "web", [])


def test_every_answer_carries_the_id_that_its_line_has(
    client: Client, db: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "portal.server.request_id"):
        first, second = client.get("/apps"), client.get("/apps?q=secret", headers={"X-Request-Id": "forged"})
    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"] != "forged"
    assert [line.getMessage() for line in caplog.records] == ["GET /apps 200"] * 2


def test_a_click_is_known_in_the_worker_that_is_poked(click: str, tmp_path: Path) -> None:
    options = {name: str(tmp_path) for name in ("data_folder_in", "data_folder_out")}
    with Connection("folder://", transport_options=options) as wire:
        queue = wire.SimpleQueue("looks")
        door: Any = app
        door.send_task("provisioning.reconcile", ("machine", 1), connection=wire, queue=queue.queue)
        headers = queue.get(block=False).headers
    request_id.set("")
    task: Any = reconcile
    task.push_request(**headers)
    signals.task_prerun.send(task, task=task)
    task.pop_request()
    assert request_id.get() == click
