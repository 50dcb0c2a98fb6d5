"""What a machine gets at the git door, asked by the real git over real HTTP."""

import gzip
import hashlib
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import uvicorn

from catalog.mirror import Mirror
from catalog.url import GitRules
from portal.server.git_door import DoorLimits, make_git_door
from tests.catalog.repos import QUIET, commit, git, make_repo
from tests.plain_http import PLAIN

pytestmark = pytest.mark.thorough

BEARER = "machine-1-bearer-0123456789"
LIMITS = DoorLimits(request_bytes=4000, unpacked_bytes=8000, asking_seconds=0.5, seconds=5, at_once_each=2)


@dataclass(frozen=True)
class Door:
    """A door that is open, and what lies behind it."""

    url: str
    repo: Path
    mirror: Mirror
    other: Mirror

    def git(
        self, folder: Path, *words: str, bearer: str = BEARER, version: int = 2
    ) -> subprocess.CompletedProcess[str]:
        header = f"http.extraHeader=Authorization: Bearer {bearer}"
        command = ["git", "-c", header, "-c", f"protocol.version={version}", "-c", "http.followRedirects=false", *words]
        env = {**QUIET, "GIT_TERMINAL_PROMPT": "0"}
        return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=100)

    def ask(self, method: str, path: str, *, bearer: str | None = BEARER, **more: object) -> httpx.Response:
        headers = {"Content-Type": "application/x-git-upload-pack-request"} if method == "POST" else {}
        headers |= {"Authorization": f"Bearer {bearer}"} if bearer else {}
        headers |= dict(more.pop("headers", {}))  # type: ignore[call-overload]
        return httpx.request(method, self.url + path, headers=headers, timeout=50, verify=PLAIN, **more)  # type: ignore[arg-type]

    @property
    def path(self) -> str:
        return f"/git/{self.mirror.folder.name}"


@pytest.fixture(params=[False])
def door(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Door]:
    """`request.param`: whether it is for this computer alone."""
    repo = make_repo(tmp_path / "up" / "app", {"page.txt": "one"})
    secret = make_repo(tmp_path / "up" / "other", {"page.txt": "secret"})
    rules = GitRules((f"file://{tmp_path}/up/",))
    mirrors = [Mirror.of(f"file://{path}", root=tmp_path / "mirrors", rules=rules) for path in (repo, secret)]
    for mirror in mirrors:
        mirror.refresh()
    allowed = {hashlib.sha256(BEARER.encode()).hexdigest(): frozenset({mirrors[0].folder.name})}

    async def may_read(bearer: str) -> frozenset[str]:
        return allowed.get(bearer, frozenset())

    app = make_git_door(may_read, tmp_path / "mirrors", LIMITS, for_us_alone=request.param)
    with listening() as (sock, url):
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
        thread.start()
        yield Door(url, repo, *mirrors)
        server.should_exit = True
        thread.join()


class listening:  # noqa: N801 - read as a word
    """A socket on loopback with a number of the system's choice."""

    def __enter__(self) -> tuple[socket.socket, str]:
        self.socket = socket.create_server(("127.0.0.1", 0))
        return self.socket, f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self.socket.close()


@pytest.mark.parametrize("version", [0, 2])
def test_a_machine_clones_its_repository(door: Door, tmp_path: Path, version: int) -> None:
    done = door.git(tmp_path, "clone", "-q", "--depth=1", door.url + door.path, "mine", version=version)

    assert done.returncode == 0
    assert (tmp_path / "mine" / "page.txt").read_text() == "one"


@pytest.mark.parametrize("version", [0, 2])
def test_a_machine_fetches_its_pinned_commit_after_the_branch_moved(door: Door, tmp_path: Path, version: int) -> None:
    pinned = door.mirror.resolve()
    door.mirror.pin(pinned)
    commit(door.repo, {"page.txt": "two"}, "--amend")
    door.mirror.refresh()
    mine = tmp_path / "mine"
    git(tmp_path, "init", "-q", "mine")

    done = door.git(mine, "fetch", "-q", "--depth=1", door.url + door.path, pinned, version=version)

    assert done.stderr == ""
    assert git(mine, "show", "FETCH_HEAD:page.txt") == "one"


def test_a_pull_brings_what_is_new(door: Door, tmp_path: Path) -> None:
    door.git(tmp_path, "clone", "-q", "--depth=1", door.url + door.path, "mine")
    commit(door.repo, {"page.txt": "two", "noise": os.urandom(2_000_000)})
    door.mirror.refresh()

    done = door.git(tmp_path / "mine", "fetch", "-q", "--depth=1", "origin", "HEAD")

    assert done.stderr == ""
    assert git(tmp_path / "mine", "show", "FETCH_HEAD:page.txt") == "two"


def test_what_is_kept_for_others_is_not_listed(door: Door, tmp_path: Path) -> None:
    door.mirror.pin(door.mirror.resolve())

    listed = door.git(tmp_path, "ls-remote", door.url + door.path).stdout

    assert listed.split() == [door.mirror.resolve(), "HEAD"]


def test_another_machine_and_another_repository_do_not_exist(door: Door, tmp_path: Path) -> None:
    theirs = f"{door.url}/git/{door.other.folder.name}"

    assert "not found" in door.git(tmp_path, "ls-remote", theirs).stderr
    assert "not found" in door.git(tmp_path, "ls-remote", door.url + door.path, bearer="x" * 24).stderr


INFO = "/info/refs?service=git-upload-pack"


def test_everything_else_is_the_same_404(door: Door) -> None:
    mine, theirs = door.path, f"/git/{door.other.folder.name}"
    absent = f"/git/{'0' * 32}.git"
    asked = [
        door.ask("GET", mine + INFO, bearer=None),
        door.ask("GET", mine + INFO, bearer="wrong-bearer-0123456789"),
        door.ask("GET", mine + INFO, bearer=None, headers={"Authorization": "Basic Og=="}),
        door.ask("GET", theirs + INFO),
        door.ask("GET", absent + INFO),
        door.ask("GET", mine + "/info/refs"),
        door.ask("GET", mine + "/info/refs?service=git-receive-pack"),
        door.ask("POST", mine + "/git-receive-pack"),
        door.ask("GET", mine + "/HEAD"),
        door.ask("GET", mine + "/objects/info/packs"),
        door.ask("GET", mine + "/../" + door.other.folder.name + INFO),
        door.ask("HEAD", mine + INFO),
        door.ask("GET", "/"),
    ]

    assert {answer.status_code for answer in asked} == {404}
    assert {(answer.content, answer.headers["content-type"]) for answer in asked if answer.content} == {
        (b"Nothing here.\n", "text/plain")
    }


@pytest.mark.parametrize("door", [True, False], indirect=True)
def test_a_door_for_us_alone_does_not_exist_for_another_computer(
    door: Door, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.2")) as another:
        asked = another.get(door.url + door.path + INFO, headers={"Authorization": f"Bearer {BEARER}"})

    is_for_us_alone = request.node.callspec.params["door"]
    assert asked.status_code == (404 if is_for_us_alone else 200)
    assert door.git(tmp_path, "ls-remote", door.url + door.path).returncode == 0


def test_nobody_writes(door: Door, tmp_path: Path) -> None:
    door.git(tmp_path, "clone", "-q", door.url + door.path, "mine")
    commit(tmp_path / "mine", {"page.txt": "mine"})

    assert door.git(tmp_path / "mine", "push", "-q", "origin", "HEAD:main").returncode != 0


def test_a_packed_question_is_taken_and_a_bomb_is_not(door: Door) -> None:
    headers = {"Content-Encoding": "gzip", "Git-Protocol": "version=2"}
    listing = b"0014command=ls-refs\n00010000"

    good = door.ask("POST", door.path + "/git-upload-pack", content=gzip.compress(listing), headers=headers)
    bomb = door.ask("POST", door.path + "/git-upload-pack", content=gzip.compress(b"0" * 1_000_000), headers=headers)
    broken = door.ask("POST", door.path + "/git-upload-pack", content=b"no gzip", headers=headers)
    large = door.ask("POST", door.path + "/git-upload-pack", content=b"0" * 5000)

    assert door.mirror.resolve().encode() in good.content
    assert [answer.status_code for answer in (good, bomb, broken, large)] == [200, 413, 400, 413]


def test_a_question_that_never_ends_is_cut_off(door: Door) -> None:
    def drip() -> Iterator[bytes]:
        end = time.monotonic() + 1
        while time.monotonic() < end:
            yield b"0"
            threading.Event().wait(0.05)

    assert door.ask("POST", door.path + "/git-upload-pack", content=drip()).status_code == 408


def test_one_machine_cannot_take_all_the_room(door: Door) -> None:
    host, _, port = door.url.removeprefix("http://").partition(":")
    request = (
        f"POST {door.path}/git-upload-pack HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {BEARER}\r\n"
        "Content-Type: application/x-git-upload-pack-request\r\nContent-Length: 100\r\n\r\n"
    )
    held = [socket.create_connection((host, int(port))) for _ in range(2)]
    for connection in held:
        connection.sendall(request.encode())

    seen = [door.ask("GET", door.path + INFO).status_code for _ in range(5)]
    for connection in held:
        connection.close()

    assert 503 in seen
    until(lambda: door.ask("GET", door.path + INFO).status_code == 200)


def test_nothing_is_left_running_when_a_machine_hangs_up(door: Door, tmp_path: Path) -> None:
    commit(door.repo, {"noise": os.urandom(8_000_000)})
    door.mirror.refresh()
    with httpx.stream("GET", door.url + door.path + INFO, headers={"Authorization": f"Bearer {BEARER}"}) as answer:
        assert answer.status_code == 200
    done = door.git(tmp_path, "clone", "-q", "--depth=1", door.url + door.path, "mine")

    assert done.returncode == 0
    until(lambda: not uploads_of(door.mirror.folder))


def uploads_of(folder: Path) -> list[str]:
    """The programs of the door that are at work on this mirror."""
    lines = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [line for line in lines if "upload-pack" in line and str(folder) in line]


def until(true: object, seconds: float = 5) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)
