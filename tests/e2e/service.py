"""One launch at a portal of a test."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from cli.visitor import Visitor
from tests.waiting import until

if TYPE_CHECKING:
    from tests.e2e.portal import Portal

ENOUGH = 90.0
"""Seconds for a launch of a tiny app while others are going on; alone it takes about five."""
TOLD = ("phase", "step", "problem", "waits_for", "tries", "due_at", "lease_until", "waiting_since", "sighting")
"""What a failed test tells of a row."""

Row = dict[str, Any]


@dataclass
class Service:
    """One launch, as its owner and as the rows see it."""

    portal: "Portal"
    key: str
    by: Visitor

    @property
    def row(self) -> Row:
        """Its deployment."""
        return self.portal.rows("SELECT * FROM provisioning_deployment WHERE key = ?", self.key)[0]

    @property
    def machine(self) -> Row:
        """Its newest machine; empty if there was none yet."""
        query = "SELECT * FROM provisioning_machine WHERE deployment_id = ? ORDER BY id DESC LIMIT 1"
        found = self.portal.rows(query, self.row["id"])
        return found[0] if found else {}

    @property
    def address(self) -> str:
        """Where people find it."""
        return f"http://{self.row['name']}.apps.localhost:{self.portal.apps_port}/"

    def reaches(self, phase: str, seconds: float = ENOUGH) -> None:
        """Wait for a phase. Fails early, with the reason, when it failed."""

        def there() -> bool:
            now = self.row
            stuck = now["phase"] == "failed" and now["attempt"] == now["failed_attempt"] and now["wanted"] == "up"
            stuck = stuck and phase != "failed"
            assert not stuck, f"{now['problem']} {now['problem_params']}"
            return bool(now["phase"] == phase)

        try:
            until(f"{self.row['title']} is {phase}", there, seconds)
        except AssertionError as error:
            rows = [{name: row.get(name) for name in TOLD} for row in (self.row, self.machine)]
            raise AssertionError(f"{error}\n{rows}\n{self.portal.last_lines()}") from error

    def is_at(self, step: str, seconds: float = ENOUGH) -> None:
        """Wait until its machine is at this step."""
        until(f"its machine is at {step}", lambda: self.machine.get("step") == step, seconds)

    def press(self, button: str) -> str:
        """Press a button of its page; return the page that follows."""
        self.by.look(f"/services/{self.key}")
        return self.by.press(button)

    def page(self, path: str = "/") -> httpx.Response:
        """What a visitor sees."""
        return self.by.visit(self.address, path)

    def shows(self, text: str, path: str = "/", seconds: float = 20) -> None:
        """Wait until a visitor sees this text."""
        until(f"{path} shows {text!r}", lambda: text in self.page(path).text, seconds)

    def inside(self, *words: str) -> str:
        """Run something on the machine itself, and return its output."""
        code, out = self.container.exec_run(list(words))
        assert code == 0, out.decode()
        return str(out.decode())

    def has(self, path: str) -> bool:
        """Whether there is such a file on the machine."""
        return bool(self.container.exec_run(["test", "-e", path]).exit_code == 0)

    @property
    def container(self) -> Any:
        """Its machine, as the engine knows it."""
        return self.portal.docker.containers.get(f"fairground-{self.machine['key']}")

    def put_up_again(self) -> "Service":
        """Press where the list of copies says so, and on the form that comes."""
        link = re.search(rf'href="(/services/{self.key}/copies/\d+/again)"', self.by.look("/copies"))
        assert link
        self.by.look(link[1])
        self.by.press("Put it up again")
        return Service(self.portal, self.by.browser_at.path.rpartition("/")[2], self.by)

    def end(self) -> None:
        """Take it down; whether anything is left is looked at where that is the story."""
        self.press("/end")
