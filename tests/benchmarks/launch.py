"""One launch through the portal, from the click to the first good answer, against the same work done by a bare script.

In turn, in one run, on the same engine, with the same limits. Prints the seconds of both, and the ratio of their medians.
Aim: ratio <= 1.10, at most 1 s added.
"""

import argparse
import json
import secrets
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from cli.apart import apart
from cli.container_engine import EngineError
from cli.home import home
from cli.ports import is_free
from cli.talk import HaltError, say
from cli.visitor import MissedError, Visitor, plain, until
from tests.benchmarks import house

APP, TEXT = "results-board", "Results board"
SCRIPT = Path(__file__).with_name("by_hand.sh")
PATIENCE = 600.0


def main() -> int:
    """Run both in turn and print what was measured."""
    words = argparse.ArgumentParser(prog="./fairground bench launch", description=__doc__)
    words.add_argument("--json", action="store_true")
    words.add_argument("--rounds", type=int, default=3)
    asked = words.parse_args()
    if not shutil.which("docker"):
        raise HaltError("The launch by hand needs the command `docker`. On Debian, as root: apt install docker.io")
    portal, by_hand = [], []
    with apart("bench", {}) as settings:
        visitor = house.newcomer(dict(settings))
        for number in range(asked.rounds):
            by_hand.append(_by_hand(settings))
            portal.append(_through_the_portal(visitor))
            say(f"round {number + 1}: by hand {by_hand[-1]:.1f} s, through the portal {portal[-1]:.1f} s")
    figures = {"by_hand_s": by_hand, "portal_s": portal} | _compared(by_hand, portal)
    if asked.json:
        print(json.dumps(figures))
    else:
        print(f"by hand             {statistics.median(by_hand):6.1f} s")
        print(f"through the portal  {statistics.median(portal):6.1f} s")
        print(f"ratio {figures['ratio']:.2f}, {figures['added_s']:+.1f} s")
    return 0


def _compared(by_hand: list[float], portal: list[float]) -> dict[str, float]:
    own, bare = statistics.median(portal), statistics.median(by_hand)
    return {"ratio": round(own / bare, 3), "added_s": round(own - bare, 2)}


def _through_the_portal(visitor: Visitor) -> float:
    """From the press to the first good answer at the public address; then taken down again."""
    visitor.look(f"/services/new?app={APP}")
    began = time.monotonic()
    visitor.press("Set up")
    page = visitor.browser_at.path
    took = 0.0
    address = house.address_when_ready(visitor, page, PATIENCE)
    if TEXT in visitor.visit(address).text:
        took = time.monotonic() - began
    visitor.look(page)
    visitor.press("/end")
    until("it is gone", lambda: "Its machine is gone" in plain(visitor.look(page)), PATIENCE)
    return took or _fail(f"{address} does not hold “{TEXT}”")


def _by_hand(settings: Mapping[str, str]) -> float:
    name = f"fairground-by-hand-{secrets.token_hex(4)}"
    port = next(port for port in range(33100, 33200) if is_free(port))
    repositories = [f"file://{home()}/starter/{APP}/{part}" for part in ("service", "data")]
    try:
        began = time.monotonic()
        subprocess.run(
            [SCRIPT, name, settings["MACHINE_IMAGE"], str(port), *repositories], check=True, timeout=PATIENCE
        )
        took = time.monotonic() - began
        httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).raise_for_status()
        return took
    except (subprocess.SubprocessError, httpx.HTTPError) as broken:
        return _fail(f"the launch by hand failed: {broken}")
    finally:
        subprocess.run(["docker", "rm", "-f", name], capture_output=True, check=False)
        subprocess.run(["docker", "network", "rm", name], capture_output=True, check=False)


def _fail(why: str) -> float:
    raise MissedError(why)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (HaltError, EngineError, MissedError) as told:
        sys.exit(f"\n{told}")
