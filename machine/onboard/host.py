"""A host of a pool: whose it is. It remembers that itself, so two portals or twenty workers never hold it at once.

    free ── claim ──> claimed ── confirm ──> preparing ──> in use ── wipe ──> wiping ──> free, or quarantine

A claim that nobody confirms lapses; nothing was put on the host for it. Preparing and wiping are the work of a program of
its own (`host_work`); whoever looks and finds it dead starts it again.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import deque
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator

from machine.onboard import host_wall as wall
from machine.onboard.places import HOST, flush_folder, read_json, write_json
from machine.onboard.wire import Given, Refused, number, text

RESERVATION = HOST / "reservation"
ABOUT = RESERVATION / "reservation.json"
HISTORY = HOST / "history.jsonl"
CLAIM_LASTS = 120.0
"""Seconds after which a claim that nobody confirmed is none."""
WORK = ("preparing", "wiping")
MOST_STARTS = 8
"""How often one work is begun in all: a wipe that breaks off again and again proves nothing."""
KEPT = 500
"""Lines of history; the last few travel with each look."""
NAME = re.compile(r"[0-9a-zA-Z._-]{1,64}")
WIPED = "wiped, and looked at again"
"""How history tells that nothing of a machine is left."""

About = dict[str, Any]


def host_look(given: Given) -> dict[str, Any]:
    """Whose it is: {state, key, portal, since, told, at, ports, cut, history}. Work that was cut off is started again.

    Asked for a machine ({key, portal}), `ended` says whether it was here, and was wiped.
    """
    with locked():
        about = current()
        return {**told(about), "ended": has_ended(text(given, "key", ""), text(given, "portal", ""))}


def host_claim(given: Given) -> dict[str, Any]:
    """Take it for a machine, if it is free: {key, portal, at}. `claimed` says whether it is this machine's now.

    `at` is the portal's clock: of two hosts that think they have a machine, the later one has it.
    """
    key, portal = names(given)
    with locked():
        about = current()
        if about["state"] == "free":
            about = reserve(key, portal, number(given, "at", 0))
        return {
            **told(about),
            "claimed": is_of(about, key, portal) and about["state"] in ("claimed", *WORK[:1], "in use"),
        }


def host_confirm(given: Given) -> dict[str, Any]:
    """Make a claim a reservation, and let the machine's own key in: {key, portal, authorized_key, user, ports}.

    A machine that was cut off gets its network back.
    """
    key, portal = names(given)
    with locked():
        about = current()
        if is_of(about, key, portal) and about["state"] == "in use" and about.get("cut"):
            wall.take_down()
            about = kept({**about, "cut": 0})  # written last: until then the next look puts the wall up again
        if is_of(about, key, portal) and about["state"] == "claimed":
            more = {"authorized_key": text(given, "authorized_key"), "user": text(given, "user", "root")}
            about = {**about, "ports": given.get("ports", {}), "way_in": wall.way_in()}
            about = change(about, "preparing", "", **more)
            about = current()
        return told(about)


def host_withdraw(given: Given) -> dict[str, Any]:
    """Take a claim back; what was confirmed stays: {key, portal}."""
    key, portal = names(given)
    with locked():
        about = current()
        if is_of(about, key, portal) and about["state"] == "claimed":
            about = free("the claim was taken back")
        return told(about)


def host_cut(given: Given) -> dict[str, Any]:
    """Take the host off its network, but for our own way in: {key, portal}. `cut` says whether it is off now."""
    key, portal = names(given)
    with locked():
        about = current()
        if is_of(about, key, portal) and about["state"] == "in use":
            about = kept({**about, "cut": wall.way_in()})
            wall.hold(about["cut"])
        return told(about)


def host_wipe(given: Given) -> dict[str, Any]:
    """Let the machine go, and make the host what it was before: {key, portal}. It takes a while; look."""
    key, portal = names(given)
    with locked():
        about = current()
        if is_of(about, key, portal) and about["state"] == "claimed":
            about = free("the claim was taken back")
        elif is_of(about, key, portal) and about["state"] in ("preparing", "in use"):
            change(about, "wiping", "")
            about = current()
        return told(about)


def host_release(given: Given) -> dict[str, Any]:
    """Out of quarantine, if a new wipe and its second look find nothing: {portal}."""
    portal = text(given, "portal")
    with locked():
        about = current()
        if about["state"] == "quarantine" and about.get("portal", portal) == portal:
            change(about, "wiping", "an administrator asked for another look")
            about = current()
        return told(about)


def names(given: Given) -> tuple[str, str]:
    """The machine's key and its portal."""
    key, portal = text(given, "key"), text(given, "portal")
    if not NAME.fullmatch(key) or not NAME.fullmatch(portal):
        raise Refused("bad-input", "key, portal: expected [0-9a-zA-Z._-]{1,64}")
    return key, portal


def is_of(about: About, key: str, portal: str) -> bool:
    """Is it reserved for exactly this machine?"""
    return about.get("key") == key and about.get("portal") == portal


@contextmanager
def locked() -> Iterator[None]:
    """One at a time. The lock falls with whoever holds it."""
    HOST.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(HOST / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def current() -> About:
    """What is true now, under the lock: an old claim has lapsed, work goes on."""
    if not RESERVATION.exists():
        return {"state": "free"}
    about = read_json(ABOUT) or {"state": "quarantine", "told": "What it was reserved for cannot be read any more."}
    if about["state"] == "claimed" and not 0 <= time.time() - about["since"] < CLAIM_LASTS:
        return free("the claim lapsed")
    if about.get("cut") and about["state"] == "in use":
        wall.hold(about["cut"])
    return go_on(about) if about["state"] in WORK else about


def go_on(about: About) -> About:
    """Begin the work if nobody is at it; give up in the end."""
    if not start_work(only_try=about.get("starts", 0) >= MOST_STARTS):
        return about
    if about.get("starts", 0) >= MOST_STARTS:
        return change(about, "quarantine", f"{about['state']} broke off {MOST_STARTS} times; see {HOST}/work.err")
    return kept({**about, "starts": about.get("starts", 0) + 1})


def reserve(key: str, portal: str, at: float) -> About:
    """Make the reservation beside, filled; then rename it. Of two who try, one finds the place taken."""
    about: About = {"state": "claimed", "key": key, "portal": portal, "at": at, "since": time.time(), "told": ""}
    fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=HOST))
    write_json(fresh / ABOUT.name, about)
    try:
        fresh.rename(RESERVATION)
    except OSError:
        shutil.rmtree(fresh)
        return current()
    flush_folder(HOST)
    remember(about)
    return about


def change(about: About, state: str, told: str, **more: Any) -> About:
    """Write the next state down, under the lock."""
    about = kept({**about, **more, "state": state, "since": time.time(), "told": told, "starts": 0})
    remember(about)
    return about


def kept(about: About) -> About:
    """Write it down as it is now, under the lock."""
    write_json(ABOUT, about)
    return about


def free(why: str) -> About:
    """End the reservation, under the lock: one rename, and what it held is thrown away."""
    about = read_json(ABOUT) or {}
    if about.get("cut"):
        wall.take_down()
    RESERVATION.rename(HOST / f".old-{os.urandom(6).hex()}")
    flush_folder(HOST)
    for old in (*HOST.glob(".old-*"), *HOST.glob(".new-*")):  # of those who were cut off, too
        shutil.rmtree(old, ignore_errors=True)
    remember({**about, "state": "free", "told": why})
    return {"state": "free"}


def remember(about: About) -> None:
    """One line of history."""
    line = {"at": time.time(), **{name: about.get(name, "") for name in ("state", "key", "portal", "told")}}
    lines = deque(HISTORY.read_text().splitlines() if HISTORY.exists() else [], KEPT)
    lines.append(json.dumps(line))
    fresh = HISTORY.with_name(".history")
    fresh.write_text("\n".join(lines) + "\n")
    fresh.replace(HISTORY)


def told(about: About) -> dict[str, Any]:
    """What a look answers."""
    lines = HISTORY.read_text().splitlines()[-8:] if HISTORY.exists() else []
    known = {name: about.get(name, "") for name in ("state", "key", "portal", "told")}
    return {
        **known,
        "since": about.get("since", 0),
        "at": about.get("at", 0),
        "ports": about.get("ports", {}),
        "cut": bool(about.get("cut")) and wall.stands(),
        "history": [json.loads(line) for line in lines],
    }


def has_ended(key: str, portal: str) -> bool:
    """Whether this machine was here, and all of it was wiped."""
    lines = HISTORY.read_text().splitlines() if key and HISTORY.exists() else []
    return any(is_of(line, key, portal) and line["told"] == WIPED for line in map(json.loads, lines))


def start_work(*, only_try: bool = False) -> bool:
    """Send the worker off with its lock in its hand, unless one is at it. True if nobody was."""
    lock = os.open(HOST / "work.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not only_try:
            launch(lock)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True


def launch(lock: int) -> None:
    """A worker in a session of its own, which outlives this one."""
    with (HOST / "work.err").open("ab") as errors:
        subprocess.Popen(
            [sys.executable, "-ISB", str(Path(__file__).with_name("__main__.py")), "host-work", str(lock)],
            pass_fds=(lock,),
            start_new_session=True,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
