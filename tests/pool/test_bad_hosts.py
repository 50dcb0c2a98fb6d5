"""What one host says, whatever it is, harms no other."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from provisioning.driver import Secret
from provisioning.errors import TryAgain
from provisioning.fabrics.pool.driver import PoolDriver
from provisioning.fabrics.pool.host import Down, Look, look_of, shown
from provisioning.fabrics.pool.options import HostRow, Options
from provisioning.ssh import answers
from provisioning.ssh.conversation import Done

TIMES = ["1" + "0" * 400, "Infinity", "-Infinity", "NaN", "1e999", "-1", str(2**40), '"soon"', "[]"]


class Says:
    """A stand-in for the line to a host that says this."""

    def __init__(self, said: str) -> None:
        self.said = said.encode()

    def call(self, verb: str, given: Mapping[str, Any], *, within: float) -> Mapping[str, Any]:
        return answers.parse(self.said + b"\n")[0]

    def run(self, command: str, given: bytes, limit: int, within: float) -> Done:
        return Done(0, self.said, "")


def pool(*said: str, protected: bool = False) -> PoolDriver:
    """A place whose hosts say this, each."""
    rows = tuple(
        HostRow(f"192.0.2.{number}", 22, "root", "", "", 0, 0, 0, "", protected=protected)
        for number in range(1, len(said) + 1)
    )
    driver = PoolDriver(Options(rows, Secret(""), ""), "us")
    for host, words in zip(driver.hosts_here, said, strict=True):
        host.remote = Says(words)  # type: ignore[assignment]
    return driver


def in_use(key: str, **more: str) -> str:
    """What a host says that is in use; `more` as it is written."""
    said = {name: json.dumps(value) for name, value in {"state": "in use", "key": key, "portal": "us"}.items()} | more
    return "{" + ", ".join(f'"{name}": {value}' for name, value in said.items()) + "}"


@pytest.mark.parametrize("name", ["since", "at"])
@pytest.mark.parametrize("time", TIMES)
def test_a_host_that_tells_a_time_without_sense_hides_the_machine_of_no_other(name: str, time: str) -> None:
    driver = pool(in_use("bad", **{name: time}), in_use("good"))
    assert driver.see("good", within=5).place_id == "192.0.2.2"
    assert not driver.roll_call(within=5).complete
    look = driver.hosts_here[0].look(5)
    assert isinstance(look, Down)
    assert shown(driver.hosts_here[0], look).params == {"why": "machine-misbehaves"}


@pytest.mark.parametrize("since", ["0", "1800000000", "1800000000.5", "null"])
def test_a_time_that_makes_sense_is_shown(since: str) -> None:
    driver = pool(in_use("good", since=since))
    look = driver.hosts_here[0].look(5)
    assert isinstance(look, Look)
    assert bool(shown(driver.hosts_here[0], look).since) == (since[0] == "1")


@pytest.mark.parametrize("said", ["", "[" * 60_000, "{" + '"a":{' * 60_000, in_use("x", since="1e999")])
def test_a_protected_host_that_shows_something_else_says_nothing(said: str) -> None:
    assert isinstance(pool(said, protected=True).hosts_here[0].look(5), Down)


def test_a_look_of_what_cannot_be_a_time_is_a_host_that_misbehaves() -> None:
    with pytest.raises(TryAgain, match="machine-misbehaves"):
        look_of({"state": "free", "since": float("inf")})
