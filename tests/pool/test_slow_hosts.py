"""A host that does not answer in time costs the others little, and comes back by itself."""

from collections.abc import Mapping
from typing import Any

import pytest

from provisioning.driver import Secret
from provisioning.errors import Blame, TryAgain
from provisioning.fabrics.pool import host as hosts
from provisioning.fabrics.pool.host import Down, Host, Look
from provisioning.fabrics.pool.options import HostRow, Options


class SlowRemote:
    """A stand-in for the line to a host that needs its time."""

    def __init__(self, needs: float) -> None:
        self.needs = needs
        self.given: list[float] = []

    def call(self, verb: str, given: Mapping[str, Any], *, within: float) -> Mapping[str, Any]:
        self.given.append(within)
        if within < self.needs:
            raise TryAgain("no-answer", blame=Blame.FABRIC)
        return {"state": "free"}


def slow_host(needs: float) -> tuple[Host, SlowRemote]:
    """A host that answers after so many seconds."""
    row = HostRow("192.0.2.1", 22, "root", "", "", 0, 0, 0, "", protected=False)
    host, remote = Host(row, Options((row,), Secret(""), "")), SlowRemote(needs)
    host.remote = remote  # type: ignore[assignment]
    return host, remote


def test_a_host_that_did_not_answer_is_given_little_time() -> None:
    host, remote = slow_host(needs=60)

    assert all(isinstance(host.look(20), Down) for _ in range(3))

    assert remote.given == [20, hosts.SHORT, hosts.SHORT]


def test_a_slow_host_that_missed_once_is_given_all_its_time_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    host, _ = slow_host(needs=2)
    host.is_silent()
    assert isinstance(host.look(20), Down)

    monkeypatch.setattr(hosts, "AGAIN", 0)

    assert isinstance(host.look(20), Look)
    monkeypatch.undo()
    assert isinstance(host.look(20), Look)
