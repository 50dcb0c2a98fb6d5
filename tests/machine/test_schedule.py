"""Regular pulls: one line for cron, each machine at its own moment, put right again whenever it is not."""

import re
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from machine.onboard import schedule
from machine.onboard.wire import Refused
from tests.machine.content import Content
from tests.machine.git_server import GitServer, Repository
from tests.machine.onboard import Onboard
from tests.waiting import until

pytestmark = pytest.mark.thorough


@pytest.fixture
def cron(board: Onboard) -> Onboard:
    """A machine that has a cron."""
    (board.root / "etc/cron.d").mkdir(parents=True)
    return board


def test_the_schedule_is_written_once_and_is_right(cron: Onboard) -> None:
    first = cron.ask("schedule", every=10, key="abc")
    second = cron.ask("schedule", every=10, key="abc")

    assert (first["changed"], second["changed"]) == (True, False)
    assert re.fullmatch(
        r"\d-59/10 \* \* \* \* root sleep \d+; exec \S+/onboard pull-scheduled >/dev/null 2>&1", first["line"]
    )
    assert cron.ask("schedule-check", every=10, key="abc")["right"] is True
    assert (cron.root / "etc/cron.d/fairground-pull").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("harm", ["gone", "changed", "other-interval"])
def test_a_schedule_that_is_not_right_is_seen_and_put_right(cron: Onboard, harm: str) -> None:
    given: dict[str, Any] = {"every": 10, "key": "abc"}
    cron.ask("schedule", **given)
    path = cron.root / "etc/cron.d/fairground-pull"
    if harm == "gone":
        path.unlink()
    elif harm == "changed":
        path.write_text("# nothing\n")
    else:
        given["every"] = 20

    assert cron.ask("schedule-check", **given)["right"] is False
    assert cron.ask("schedule", **given)["changed"] is True
    assert cron.ask("schedule-check", **given)["right"] is True


def test_unscheduling_takes_it_away(cron: Onboard) -> None:
    cron.ask("schedule", every=10, key="abc")

    assert cron.ask("unschedule") == {"changed": True}
    assert cron.ask("unschedule") == {"changed": False}
    assert not list((cron.root / "etc/cron.d").iterdir())


def test_a_machine_without_cron_is_told_as_that(board: Onboard) -> None:
    assert board.ask("schedule", every=10)["error"]["code"] == "no-cron"


@pytest.mark.parametrize("expression", ["*/5 * * * *", "0 3 * * 1-5", "1,2,30-40/2 */2 1 12 0", "59 23 31 12 7"])
def test_a_cron_expression_is_taken_as_it_is(expression: str) -> None:
    assert f"\n{expression} root sleep " in schedule.line({"cron": expression, "key": "x"})


EVIL = [
    "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "*/0 * * * *", "5-1 * * * *",
    "* * * * * root touch /evil", "* * * * *\n* * * * * root id", "$(id) * * * *", "a * * * *", "1,,2 * * * *",
    "-1 * * * *", "@daily",
]  # fmt: skip


@pytest.mark.parametrize("expression", EVIL)
def test_a_cron_expression_that_is_none_is_refused(expression: str) -> None:
    with pytest.raises(Refused, match="bad-input"):
        schedule.line({"cron": expression})


@pytest.mark.parametrize("given", [{"every": 0}, {"every": -5}, {"every": "10"}, {"every": 1e9}, {}])
def test_an_interval_that_is_none_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(Refused, match="bad-input"):
        schedule.line(given)


def moment(line: str) -> tuple[str, int]:
    """Which minute, and which second."""
    found = re.search(r"\n(\S+) \S+ \S+ \S+ \S+ root sleep (\d+);", line)
    assert found
    return found[1], int(found[2])


@pytest.mark.parametrize("every", [2, 5, 10, 30, 60, 1440])
def test_machines_do_not_come_all_at_once(every: int) -> None:
    moments = Counter(moment(schedule.line({"every": every, "key": f"machine-{number}"})) for number in range(300))

    assert max(moments.values()) <= 10
    assert max(Counter(minute for minute, _ in moments.elements()).values()) <= 3 * 300 / min(every, 60)


@pytest.mark.parametrize(("every", "step"), [(2, "2"), (7, ""), (25, "5"), (45, "15"), (90, "30")])
def test_an_interval_that_cron_cannot_say_is_looked_at_more_often(every: int, step: str) -> None:
    minute, _ = moment(schedule.line({"every": every, "key": "x"}))

    assert minute.partition("-59/")[2] == step or (step, minute) == ("", "0-59/1")


@pytest.fixture
def content(cron: Onboard, server: GitServer) -> Content:
    """A machine with cron whose content is pulled."""
    return Content(cron, server)


def scheduled(content: Content) -> dict[str, object] | None:
    """Do what cron does, and wait for what comes of it."""
    assert content.board.program("pull-scheduled").returncode == 0
    return content.board.ended("pull-scheduled") if (content.board.jobs / "pull-scheduled").exists() else None


def test_cron_starts_a_pull_that_can_be_looked_at(content: Content, repository: Repository) -> None:
    repository.commit(index="one")
    content.write()
    content.board.ask("schedule", every=10, key="x")

    seen = scheduled(content)

    assert seen
    assert seen["code"] == 0
    assert content.shown() == {"index": "one"}


def test_cron_pulls_again_and_again_but_not_before_it_is_due(content: Content, repository: Repository) -> None:
    repository.commit(index="one")
    content.write()
    content.board.ask("schedule", every=7, key="x")
    scheduled(content)
    repository.commit(index="two")
    scheduled(content)
    assert content.shown() == {"index": "one"}

    content.know(attempted_at=seconds_ago(400))
    scheduled(content)
    until("the second is in", lambda: content.shown() == {"index": "two"})


def seconds_ago(seconds: float) -> str:
    """As the machine writes it down."""
    return datetime.fromtimestamp(time.time() - seconds, UTC).isoformat(timespec="seconds")


def test_a_clock_that_was_ahead_and_is_right_now_keeps_cron_from_nothing(
    content: Content, repository: Repository
) -> None:
    repository.commit(index="one")
    content.write()
    content.board.ask("schedule", every=10, key="x")
    scheduled(content)
    ahead = seconds_ago(-86400)
    content.know(attempted_at=ahead, checked_at=ahead, at=ahead)
    repository.commit(index="two")

    assert content.told()["age"] is None
    scheduled(content)
    until("the second is in", lambda: content.shown() == {"index": "two"})
    assert str(content.told()["attempted_at"]) < ahead


def test_cron_does_nothing_after_the_pulls_were_unscheduled(content: Content, repository: Repository) -> None:
    repository.commit(index="one")
    content.write()
    content.board.ask("schedule", every=10, key="x")
    content.board.ask("unschedule")

    assert scheduled(content) is None
