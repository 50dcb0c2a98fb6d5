"""How quick pages are in a large house: 10,000 services in the database and 20 launches going on, against an empty one at rest.

One web process on one core; the same pages, in the same run. Aims: p95 at most 5 times as long, every page asks the
database as often as before, and none is larger than 100 kB.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cli.home import CHECKOUT
from tests.benchmarks import web

FEW = 20
ROUNDS = 40
AIM = 5.0
LARGEST = 100_000


def main(argv: list[str]) -> int:
    """Measure both houses, and print."""
    words = argparse.ArgumentParser(prog="./fairground bench pages", description=__doc__)
    words.add_argument("--json", action="store_true")
    words.add_argument("--services", type=int, default=10_000)
    words.add_argument("--launches", type=int, default=20)
    words.add_argument("--rounds", type=int, default=ROUNDS)
    asked = words.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        web.set_up(Path(folder), MACHINES_AT_ONCE="100000", BUILDING_AT_ONCE="100", SERVICES_PER_PERSON="100")
        result = _compare(asked.services, asked.launches, asked.rounds)
    print(json.dumps(result, indent=2) if asked.json else _table(result))
    return 0


def _compare(services: int, launches: int, rounds: int) -> dict[str, Any]:
    person, admin = web.fill(FEW)[0], _admin()
    paths = _paths(person)
    with web.web() as running:
        own, desk = web.visitor(running, person), web.visitor(running, admin)
        asked = [(own, [path for path in paths if not path.startswith("/desk")])]
        asked += [(desk, [path for path in paths if path.startswith("/desk")])]
        idle = _round(asked, rounds)
        few = {path: _weigh(admin if path.startswith("/desk") else person, path) for path in paths}
        web.fill(services - FEW)
        with _busy(launches):
            full = _round(asked, rounds)
            many = {path: _weigh(admin if path.startswith("/desk") else person, path) for path in paths}
    pages = {path: _page(idle[path], full[path], few[path], many[path]) for path in paths}
    every = [[took for path in paths for took in house[path]] for house in (idle, full)]
    p95 = [round(web.percentile(one, 95), 1) for one in every]
    return {
        "services": services,
        "launches": launches,
        "load": web.load(),
        "idle_p95_ms": p95[0],
        "p95_ms": p95[1],
        "ratio": round(p95[1] / p95[0], 2),
        "largest_bytes": max(size for _, size in many.values()),
        "pages": pages,
    }


def _round(asked: Sequence[tuple[Any, Sequence[str]]], rounds: int) -> dict[str, list[float]]:
    return {path: took for client, paths in asked for path, took in web.timed(client, paths, rounds).items()}


def _page(idle: Sequence[float], full: Sequence[float], few: tuple[int, int], many: tuple[int, int]) -> dict[str, Any]:
    before, after = web.percentile(idle, 95), web.percentile(full, 95)
    told = {"idle_p95_ms": round(before, 1), "p95_ms": round(after, 1), "ratio": round(after / before, 2)}
    return told | {"queries": [few[0], many[0]], "bytes": many[1]}


def _paths(person: Any) -> list[str]:
    from provisioning.models import Deployment

    service = Deployment.objects.filter(owner=person).select_related("event", "release__app").earliest("pk")
    own = ["/", "/apps", "/home", f"/events/{service.event.key}", "/copies", "/me", "/status", "/privacy"]
    own += [f"/services/{service.key}", f"/services/{service.key}/live", f"/apps/{service.release.app.slug}"]
    own += [f"/services/new?app={service.release.app.slug}&press=bench"]
    rooms = ["/desk", "/desk/apps", "/desk/places", "/desk/people", "/desk/events", "/desk/reports", "/desk/audit"]
    return [*own, *rooms]


def _admin() -> Any:
    from portal.models import User
    from tests.makers import make_person

    admin = make_person("admin")
    User.objects.filter(pk=admin.pk).update(is_staff=True, is_superuser=True)
    return User.objects.get(pk=admin.pk)


def _weigh(person: Any, path: str) -> tuple[int, int]:
    """How often the page asks the database, and its bytes."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"host": "localhost"})
    client.force_login(person)
    client.get(path)
    with CaptureQueriesContext(connection) as said:
        answer = client.get(path)
    return len(said), len(answer.content)


@contextmanager
def _busy(launches: int) -> Iterator[None]:
    words = [sys.executable, "-m", "tests.benchmarks.busy", str(launches)]
    with subprocess.Popen(words, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        if child.stdout.readline() != "begun\n":
            raise SystemExit("the launches did not begin")
        try:
            yield
        finally:
            child.stdin.close()


def _table(result: Mapping[str, Any]) -> str:
    lines = ["idle p95   p95 ms   ratio   queries     bytes   page"]
    for path, page in result["pages"].items():
        queries = " → ".join(str(number) for number in page["queries"])
        told = f"{page['idle_p95_ms']:>8} {page['p95_ms']:>8} {page['ratio']:>7}   {queries:>7} {page['bytes']:>9}   {path}"
        lines.append(told)
    lines.append(
        f"all together: {result['idle_p95_ms']} ms at rest, {result['p95_ms']} ms with {result['services']} services and "
        f"{result['launches']} launches: ratio {result['ratio']} (aim {AIM}); load {result['load']}"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
