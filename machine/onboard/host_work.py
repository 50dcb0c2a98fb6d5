"""The long work on a host of a pool: write down what it is like before a machine is on it, and make it so again after."""

from __future__ import annotations

from machine.onboard import host, host_baseline, host_wall, host_wipe
from machine.onboard.places import read_json

BASELINE = host.RESERVATION / "baseline"
MOST_TOLD = 1500


def host_work(lock: str) -> int:  # noqa: ARG001 - its lock, which falls when this program ends
    """Do what the reservation asks for; what it asks for may change in the meantime."""
    while True:
        with host.locked():
            about = read_json(host.ABOUT) or {}
        if about.get("state") == "preparing":
            prepare(about)
        elif about.get("state") == "wiping":
            wipe(about)
        else:
            return 0


def prepare(about: host.About) -> None:
    """Write the baseline; only then the machine's key may come in. A wall whose reservation was thrown away by hand goes."""
    host_wall.take_down()
    host_wipe.tell_systemd("is-system-running", "--wait")  # what starts with the host was there before
    if not BASELINE.exists():
        host_baseline.write(BASELINE, about.get("way_in", 22))
    host_baseline.let_in(about["user"], about["authorized_key"])
    with host.locked():
        now = read_json(host.ABOUT) or {}
        if now.get("state") == "preparing":
            host.change(now, "in use", "")


def wipe(about: host.About) -> None:
    """Take away what came. Free only when the second look finds nothing; without a baseline nothing ever came."""
    left = host_wipe.wipe(BASELINE) if BASELINE.exists() else []
    with host.locked():
        if left:
            host.change(about, "quarantine", "; ".join(left)[:MOST_TOLD])
        else:
            host.free(host.WIPED)
