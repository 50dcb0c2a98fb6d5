"""`./fairground demo`: the whole story on the real engine, each line printed only after it was seen to be true.

It has an installation of its own beside the one of `up`, so that nobody's data is touched: own database, own ports, own
front door; only the container engine is shared. `--fabric KIND` tells the same story on another kind of place: then
`tests/demo/<kind>.py` runs, which hands its place to `run`.
"""

import argparse
import io
import json
import re
import secrets
import sys
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from cli import container_engine
from cli.apart import apart, manage
from cli.container_engine import EngineError
from cli.machines import OWNER
from cli.talk import HaltError
from cli.visitor import MissedError, Visitor, plain, until

BOARD, WIKI = "results-board", "dokuwiki"
WARNED = 40  # seconds before the end at which people are warned here; everywhere else it is days
ENDS_IN = 75  # seconds; the warning needs half of the event's life before it, and housekeeping comes every 30 s
LAUNCH_PATIENCE, END_PATIENCE = 300.0, 240.0


@dataclass(frozen=True)
class Ground:
    """What the machines of a story stand on."""

    told: str
    """What it is, in one honest line: a stand-in says that it is one. Empty for this computer."""
    left: Callable[[], Sequence[Any]]
    """What there still is of ours, asked of the place itself and not through the portal."""
    empty: str
    """The line that is told when nothing is left."""


Place = Callable[[Mapping[str, str]], AbstractContextManager[Ground]]
"""Opens the ground of a story, from the settings of the portal that runs, as the one place that it launches at."""


@contextmanager
def this_computer(settings: Mapping[str, str]) -> Iterator[Ground]:
    """The place that every portal has from the beginning: the container engine."""
    api, label = container_engine.Engine(settings["DOCKER_HOST"], is_ours=False).api, f"{OWNER}={settings['PORTAL_ID']}"

    def left() -> Sequence[Any]:
        return [*api.containers(label=label), *api.networks(label=label)]

    yield Ground("", left, "the engine has no machine and no network of ours")


class Story:
    """One run: who takes part, what was learned on the way, and the lines that were seen to be true."""

    def __init__(self, visitor: Visitor, ground: Ground) -> None:
        self.visitor = visitor
        self.ground = ground
        self.began = time.monotonic()
        self.email = f"demo-{secrets.token_hex(4)}@example.org"
        self.mark = f"marker {secrets.token_hex(8)}"
        self.services: dict[str, str] = {}  # app → key
        self.addresses: dict[str, str] = {}  # app → public address
        self.event = ""

    def seen(self, line: str) -> None:
        """One line of the timeline."""
        print(f"{time.monotonic() - self.began:7.1f} s  ✓ {line}", flush=True)

    # --- the parts, in order ----------------------------------------------------------------------------------------

    def sign_up(self) -> None:
        """An account, with the code from the mail."""
        self.visitor.look("/accounts/signup/")
        self.visitor.press("/accounts/signup/", email=self.email, password1=secrets.token_urlsafe(12), name="Demo")
        letter = until("the mail with the code", lambda: self.visitor.mail(self.email, ""), 20)
        code = re.findall(r"\b\d{6}\b", letter)
        if not code:
            raise MissedError("the mail holds no code of six digits")
        self.visitor.press("Confirm the code", code=code[0])
        self.visitor.look("/home")
        if not str(self.visitor.browser_at).endswith("/home"):
            raise MissedError(f"after signing up, “My events” leads to {self.visitor.browser_at}")
        self.seen(f"signed up as {self.email}, with the six digits from the mail")

    def launch(self, app: str, **answers: str) -> None:
        """Press once; the address exists from the first second."""
        self.visitor.look(f"/services/new?app={app}")
        page = self.visitor.press("Set up", **({"event": self.event} if self.event else {}), **answers)
        self.services[app] = str(self.visitor.browser_at).rpartition("/")[2]
        if not self.event:
            self.event = re.findall(r"/events/([0-9a-f]+)", page + self.visitor.look("/home"))[0]
        self.seen(f"launched {app} with one press")

    def ready(self, app: str, text: str) -> None:
        """The service's own page, fetched at its public address, holds what it promised."""
        path = f"/services/{self.services[app]}"

        def address() -> str:
            page = self.visitor.look(path)
            if 'id="retry"' in page:
                raise MissedError(f"{app} did not start: {plain(page)[:1500]}")
            found = re.findall(r'id="address">\s*(\S+?)\s*<', page)
            return found[0] if found else ""

        self.addresses[app] = until(f"{app} is ready", address, LAUNCH_PATIENCE)
        answer = self.visitor.visit(self.addresses[app], follow_redirects=False)
        if answer.is_redirect:
            answer = self.visitor.visit(self.addresses[app], answer.headers["location"])
        if answer.status_code != 200 or text not in answer.text:
            raise MissedError(f"{self.addresses[app]} answered {answer.status_code}, without “{text}”")
        self.seen(f"{app} is ready: {self.addresses[app]} answers 200 and holds “{text}”")

    def new_content(self) -> None:
        """A push to the content's repository shows on the page."""
        day = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
        if day in self.visitor.visit(self.addresses[BOARD]).text:
            raise MissedError(f"the board shows {day} before it was pushed")
        manage("starter", "--day", day)
        self.seen(f"pushed the results of {day} to the content's repository upstream")
        self.visitor.look(f"/services/{self.services[BOARD]}")
        self.visitor.press("/pull")
        until("the new content", lambda: f">{day}<" in self.visitor.visit(self.addresses[BOARD]).text, 90)
        self.seen(f"the page shows {day}; its program was not touched")

    def write_something(self) -> None:
        """The handed-over password works, and what is written with it stands in the wiki."""
        self.visitor.look(f"/services/{self.services[WIKI]}")
        page = self.visitor.press("Show them to me")
        name, password = [plain(value) for value in re.findall(r"<dd>\s*<code>(.*?)</code>", page, re.DOTALL)]
        write_in_wiki(self.visitor, self.addresses[WIKI], name, password, self.mark)
        if self.mark not in self.visitor.visit(self.addresses[WIKI], "/doku.php?id=demo").text:
            raise MissedError("what was written does not stand in the wiki")
        self.seen(f"signed in to the wiki as “{name}” with the password handed over, and wrote “{self.mark}”")

    def warned(self) -> None:
        """The end comes near; the warning is mailed before it."""
        manage("move_event", self.event, "--seconds", str(ENDS_IN))
        self.seen(f"an administrator let the event end in {ENDS_IN} s")
        until("the warning", lambda: self.visitor.mail(self.email, " ends on "), ENDS_IN)
        self.seen("warned by mail before the end: one mail for both services")

    def ended(self, app: str) -> None:
        """It ends by itself: visitors are told, the page says that nothing is left."""
        said = "Its machine is gone; that was checked."
        until(f"{app} ends", lambda: said in plain(self.visitor.look(f"/services/{self.services[app]}")), END_PATIENCE)
        answer = self.visitor.visit(self.addresses[app])
        if answer.status_code != 410:
            raise MissedError(f"{self.addresses[app]} answers {answer.status_code} after the end, not 410")
        self.seen(f"{app} ended by itself: its page says so, and its address answers 410")

    def copy(self) -> None:
        """The kept copy was read back by the portal, and holds what was written."""
        page = self.visitor.look(f"/services/{self.services[WIKI]}")
        if "read back and found whole" not in plain(page):
            raise MissedError("the page does not say that the copy was verified")
        links = re.findall(r'href="(/services/\w+/copies/\d+)"', page)
        packed = self.visitor.browser.get(links[0]).content
        if self.mark not in words_of(packed):
            raise MissedError("the copy does not hold what was written")
        self.seen(f"the copy was verified, downloaded ({len(packed) // 1024} kB), and holds “{self.mark}”")

    def nothing_left(self) -> None:
        """Neither the place itself nor the head count knows a machine of ours."""
        if left := self.ground.left():
            raise MissedError(f"the place still has {len(left)} things of ours: {left}")
        self.seen(self.ground.empty)
        rolls = [json.loads(line) for line in manage("roll_call").splitlines()]
        if not rolls or any(not roll["complete"] or roll["machines"] for roll in rolls):
            raise MissedError(f"the roll call is not empty: {rolls}")
        self.seen("roll call: complete, and empty")
        until("the mail that it has ended", lambda: self.visitor.mail(self.email, "has ended"), ENDS_IN)
        self.seen("told by mail that it has ended, and what is kept")

    def tell(self) -> None:
        """All of it."""
        self.sign_up()
        self.launch(BOARD)
        self.launch(WIKI)
        self.ready(BOARD, "Results board")
        self.ready(WIKI, "Driven by DokuWiki")
        self.new_content()
        self.write_something()
        self.warned()
        self.ended(BOARD)
        self.ended(WIKI)
        self.copy()
        self.nothing_left()


def write_in_wiki(visitor: Visitor, address: str, name: str, password: str, text: str) -> None:
    """Sign in to a DokuWiki and save a page called `demo`."""
    host = httpx.URL(address).netloc.decode()
    place = f"http://127.0.0.1:{visitor.apps_port}"
    with httpx.Client(base_url=place, headers={"Host": host}, timeout=20, trust_env=False) as wiki:
        tokens = re.findall(r'name="sectok" value="(\w*)"', wiki.get("/doku.php?id=demo&do=login").text)
        wiki.post("/doku.php?id=demo", data={"do": "login", "u": name, "p": password, "sectok": (tokens or [""])[0]})
        edit = wiki.get("/doku.php?id=demo&do=edit").text
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', edit))
        wiki.post("/doku.php?id=demo", data={**fields, "wikitext": text, "do[save]": "1", "summary": "demo"})


def words_of(packed: bytes) -> str:
    """All text in a tarball."""
    with tarfile.open(fileobj=io.BytesIO(packed)) as copy:
        files = (copy.extractfile(member) for member in copy if member.isfile())
        return "\n".join(file.read().decode(errors="replace") for file in files if file)


def tell(place: Place, *, keep: bool) -> None:
    """Tell the story at this place. Raises what broke it."""
    with apart("demo", {"WARNINGS": str(WARNED)}, keep=keep) as settings, place(settings) as ground:
        story = Story(Visitor(settings["SITE_URL"], int(settings["APPS_PORT"])), ground)
        story.seen(f"the portal answers at {settings['SITE_URL']}")
        if ground.told:
            story.seen(ground.told)
        story.tell()
        print(f"\nEvery line was seen to be true, in {time.monotonic() - story.began:.0f} s.")


def run(place: Place) -> None:
    """The command: ends with 0 only if every line was seen to be true."""
    parser = argparse.ArgumentParser(prog="./fairground demo")
    parser.add_argument("--keep", action="store_true")
    try:
        tell(place, keep=parser.parse_args().keep)
    except (MissedError, HaltError, EngineError, httpx.HTTPError, httpx.InvalidURL) as broken:
        sys.exit(f"           ✗ {broken}\n\nThe story broke here.")


if __name__ == "__main__":
    run(this_computer)
