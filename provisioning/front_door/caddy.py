"""The front door over Caddy's admin API. Caddy keeps its last configuration on disk, so lines survive its restart."""

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from provisioning.driver import Endpoint
from provisioning.errors import Blame, TryAgain
from provisioning.front_door import visits
from provisioning.front_door.admin_api import AdminApi, Reply
from provisioning.front_door.base import LINES, Base, base_config
from provisioning.step import RouteLine

_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_HOST = re.compile(r"[a-z0-9.-]{1,253}(:[0-9]{1,5})?")
_UPSTREAM = re.compile(r"[A-Za-z0-9.:-]{1,253}")


class CaddyDoor:
    """Implements `provisioning.step.FrontDoor`. Safe for many workers at once: Caddy compares before it changes."""

    def __init__(self, api: AdminApi) -> None:
        self.api = api

    def put(self, line: RouteLine, *, within: float) -> None:
        """Make this line true; silent if it is."""
        until = time.monotonic() + within
        wanted = entry(line)
        there = self._look(line.name, until)
        while there is None or there.data != wanted:
            if there is None:
                done = self.api.call("POST", f"/id/{LINES}/mappings", wanted, within=_left(until))
            else:
                done = self.api.call("PATCH", there.path, wanted, if_match=there.etag, within=_left(until))
            there = self._look_again(line.name, there, done, until)

    def drop(self, name: str, *, within: float) -> None:
        """Take the line away; silent if it is gone."""
        until = time.monotonic() + within
        there = self._look(name, until)
        while there:
            done = self.api.call("DELETE", there.path, if_match=there.etag, within=_left(until))
            there = self._look_again(name, there, done, until)

    def line(self, name: str, *, within: float) -> RouteLine | None:
        """What Caddy says about this line."""
        there = self._look(name, time.monotonic() + within)
        return _line(there.data) if there else None

    def lines(self, *, within: float) -> Sequence[RouteLine]:
        """All lines."""
        shown = self.api.call("GET", f"/id/{LINES}/mappings", within=within)
        if shown.status != 200:
            raise _away(shown)
        return [_line(one) for one in shown.data or ()]

    def mark_visits(self, key: str, *, within: float) -> None:
        """Mark by this key from now on; silent if it does, or counts nobody."""
        until = time.monotonic() + within
        wanted = visits.marked_by(key)
        there = self.api.call("GET", f"/id/{visits.MARKS}/defaults", within=_left(until))
        if there.status == 404 or (there.status == 200 and there.data == wanted):
            return
        done = self.api.call("PATCH", f"/id/{visits.MARKS}/defaults", wanted, within=_left(until))
        if done.status != 200:
            raise _away(done)

    def ensure_base(self, base: Base, lines: Sequence[RouteLine], *, within: float) -> bool:
        """Make the whole configuration true: our fixed part and exactly these lines. Return whether anything changed.

        For the start, when the rows are read anyway; not while others put lines.
        """
        until = time.monotonic() + within
        wanted = base_config(base, [entry(line) for line in sorted(lines, key=lambda line: line.name)])
        while True:
            shown = self.api.call("GET", "/config/", within=_left(until))
            if shown.status != 200:
                raise _away(shown)
            if _sorted(shown.data) == wanted:
                return False
            done = self.api.call("POST", "/config/", wanted, if_match=shown.etag, within=_left(until))
            if done.status == 200:
                return True
            if done.status != 412:
                raise _away(done)

    def _look(self, name: str, until: float) -> Reply | None:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot name a line of the front door")
        while True:
            shown = self.api.call("GET", f"/id/line-{name}", within=_left(until))
            if shown.status == 404:
                return None
            # Caddy turns the name into a position first: after a foreign removal in between, another line stands there.
            if shown.status == 200 and shown.data.get("@id") == f"line-{name}":
                return shown
            if shown.status not in {200, 400}:
                raise _away(shown)

    def _look_again(self, name: str, before: Reply | None, done: Reply, until: float) -> Reply | None:
        """What is there after a change. A refusal counts only if nobody else has changed the line meanwhile."""
        there = self._look(name, until)
        if done.status not in {200, 412} and there == before:
            raise _away(done)
        return there


def entry(line: RouteLine) -> dict[str, Any]:
    """One entry of the map. Everything is checked, because Caddy would expand `{…}` in it."""
    if line.upstream is None or not (_HOST.fullmatch(line.host) and _UPSTREAM.fullmatch(line.upstream.host)):
        raise ValueError(f"{line} is no line for the front door")
    dial = f"{line.upstream.host}:{line.upstream.port}"
    return {"@id": f"line-{line.name}", "input": line.host, "outputs": [dial]}


def _line(shown: Mapping[str, Any]) -> RouteLine:
    host, _, port = shown["outputs"][0].rpartition(":")
    return RouteLine(shown["@id"].removeprefix("line-"), shown["input"], Endpoint(host, int(port)))


def _sorted(config: Any) -> Any:
    """The same configuration with its lines in order; anything else as it is."""
    try:
        lookup = config["apps"]["http"]["servers"]["doors"]["routes"][0]["handle"][0]
        ordered = sorted(lookup["mappings"], key=lambda one: one["@id"].removeprefix("line-"))
    except (TypeError, KeyError, IndexError):
        return config
    lookup["mappings"] = ordered
    return config


def _left(until: float) -> float:
    if (left := until - time.monotonic()) <= 0:
        raise TryAgain("front-door-away", blame=Blame.PORTAL, why="it did not answer in time")
    return left


def _away(reply: Reply) -> TryAgain:
    why = f"{reply.status} {reply.body[:300].decode(errors='replace')}"
    return TryAgain("front-door-away", blame=Blame.PORTAL, why=why)
