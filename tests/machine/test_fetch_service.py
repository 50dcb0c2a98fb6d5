"""The service: one commit, whole, checked, in place at once; or a reason."""

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.machine.git_server import BEARER, GitServer, Repository
from tests.machine.onboard import Onboard
from tests.waiting import until

pytestmark = pytest.mark.thorough


def fetch(board: Onboard, server: GitServer, wanted: str, **more: object) -> subprocess.CompletedProcess[str]:
    """Run the program."""
    return board.program("fetch-service", given(board, server, wanted, **more))


def given(board: Onboard, server: GitServer, wanted: str, **more: object) -> str:
    """Write down what is to be fetched; return where."""
    path = board.root / f"given-{len(list(board.root.glob('given-*')))}.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps({"url": server.url("app"), "commit": wanted, "bearer": BEARER, **more}))
    return str(path)


def test_the_commit_is_there_as_the_author_left_it(board: Onboard, server: GitServer, repository: Repository) -> None:
    repository.commit(old="x")
    (repository.folder / "script").mkdir()
    (repository.folder / "script/install").write_text("#!/bin/sh\n")
    (repository.folder / "script/install").chmod(0o755)
    (repository.folder / "link").symlink_to("/etc/hostname")
    commit = repository.commit(README="hello", old=None)

    done = fetch(board, server, commit)

    assert done.returncode == 0, done.stdout
    service = board.root / "srv/fairground/service"
    assert sorted(path.name for path in service.iterdir()) == ["README", "link", "script"]
    assert (service / "script/install").stat().st_mode & 0o777 == 0o755
    assert (service / "README").stat().st_mode & 0o777 == 0o644
    assert (service / "README").stat().st_uid == os.geteuid()
    assert service.readlink().name == commit


def test_history_is_not_fetched_and_nothing_of_git_stays(
    board: Onboard, server: GitServer, repository: Repository
) -> None:
    repository.commit(big=os.urandom(3_000_000))
    commit = repository.commit(big="small")

    assert fetch(board, server, commit, max_size=1000).returncode == 0
    assert not list(board.root.glob("var/cache/fairground/*"))
    assert not list(board.root.glob("srv/fairground/service/.git"))


def test_twice_is_once(board: Onboard, server: GitServer, repository: Repository) -> None:
    commit = repository.commit(README="hello")
    fetch(board, server, commit)
    asked = len(server.seen)

    assert fetch(board, server, commit).returncode == 0
    assert len(server.seen) == asked


def test_a_new_commit_takes_the_place_and_two_old_ones_stay(
    board: Onboard, server: GitServer, repository: Repository
) -> None:
    commits = [repository.commit(README=str(number)) for number in range(5)]
    for commit in commits:
        assert fetch(board, server, commit).returncode == 0

    assert (board.root / "srv/fairground/service/README").read_text() == "4"
    assert {path.name for path in (board.root / "srv/fairground/services").iterdir()} == set(commits[2:])


def test_the_bearer_goes_to_the_door_and_into_no_command_line(
    board: Onboard, server: GitServer, repository: Repository
) -> None:
    done = fetch(board, server, repository.commit(README="hello"))

    assert {bearer for _, bearer in server.seen} == {f"Bearer {BEARER}"}
    assert BEARER not in done.stdout + done.stderr


def test_a_branch_that_was_moved_by_force_does_not_matter(
    board: Onboard, server: GitServer, repository: Repository
) -> None:
    approved = repository.commit(README="approved")
    repository.git("checkout", "--quiet", "--orphan", "other")
    repository.commit(README="not approved")
    repository.git("branch", "-M", "main")

    assert fetch(board, server, approved).returncode == 0
    assert (board.root / "srv/fairground/service/README").read_text() == "approved"


def test_a_commit_that_is_gone_is_told_as_that(board: Onboard, server: GitServer, repository: Repository) -> None:
    repository.commit(README="hello")

    done = fetch(board, server, "0123456789" * 4)

    assert done.returncode == 10
    assert "no-such-commit" in done.stdout
    assert not (board.root / "srv/fairground/service").exists()


BAD = [("401", 11), ("404", 11), ("redirect", 11), ("403", 11), ("500", 14), ("503", 14)]


@pytest.mark.parametrize(("mode", "code"), BAD)
def test_a_server_that_says_no_is_told_as_that(
    board: Onboard, server: GitServer, repository: Repository, mode: str, code: int
) -> None:
    commit = repository.commit(README="hello")
    server.mode = mode

    assert fetch(board, server, commit).returncode == code
    assert not any("elsewhere" in path for path, _ in server.seen)


def test_a_wrong_bearer_is_refused(board: Onboard, server: GitServer, repository: Repository) -> None:
    assert fetch(board, server, repository.commit(README="hello"), bearer="wrong").returncode == 11


def test_garbage_is_not_taken_for_a_repository(board: Onboard, server: GitServer, repository: Repository) -> None:
    commit = repository.commit(README="hello")
    server.mode = "garbage"

    assert fetch(board, server, commit).returncode in (13, 14)


def test_a_server_that_says_nothing_costs_the_time_it_was_given(
    board: Onboard, server: GitServer, repository: Repository
) -> None:
    commit = repository.commit(README="hello")
    server.mode = "silent"

    done = fetch(board, server, commit, timeout=1)

    assert (done.returncode, done.stdout) == (15, "fairground: out-of-time\n")


def test_nobody_there_is_unreachable(board: Onboard, server: GitServer, repository: Repository) -> None:
    commit = repository.commit(README="hello")
    server.close()

    assert fetch(board, server, commit).returncode == 14


def test_too_much_is_refused_before_it_is_written(board: Onboard, server: GitServer, repository: Repository) -> None:
    commit = repository.commit(zeros=b"\0" * 5_000_000)

    done = fetch(board, server, commit, max_size=1_000_000)

    assert done.returncode == 12
    assert not list(board.root.glob("srv/fairground/services/*"))


@pytest.mark.parametrize("name", [b".git", b"..", b".", b"a/b", b"", b".GIT"])
def test_a_tree_with_an_evil_name_is_refused(
    board: Onboard, server: GitServer, repository: Repository, name: bytes
) -> None:
    blob = repository.git("hash-object", "-w", ".git/HEAD")
    commit = repository.commit_tree(b"100644 " + name + b"\0" + bytes.fromhex(blob))

    assert fetch(board, server, commit).returncode == 13
    assert not (board.root / "srv/fairground/service").exists()


def test_a_tree_with_very_many_files_is_refused_before_one_is_written(
    board: Onboard, server: GitServer, repository: Repository
) -> None:
    blob = repository.git("hash-object", "-w", ".git/HEAD")
    lines = [b"100644 blob %b\tfile-%d\n" % (blob.encode(), number) for number in range(100_001)]

    assert fetch(board, server, repository.commit_tree(b"".join(lines), made_by="mktree")).returncode == 12


def test_hooks_filters_and_submodules_do_nothing(board: Onboard, server: GitServer, repository: Repository) -> None:
    inner = repository.commit(
        _dot_gitattributes="* filter=evil\n",
        _dot_gitmodules='[submodule "x"]\n  path = x\n  url = https://127.0.0.1/x\n',
        file="content",
    )
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{inner},x")
    repository.git("commit", "--quiet", "--message", "a submodule")

    assert fetch(board, server, repository.git("rev-parse", "HEAD")).returncode == 0
    assert (board.root / "srv/fairground/service/file").read_text() == "content"


WRONG = [
    {"url": "ext::sh -c id"}, {"url": "file:///etc"}, {"url": "http://user:pass@127.0.0.1/app"}, {"url": "-uid"},
    {"url": "http://127.0.0.1/a b"}, {"url": "http://127.0.0.1/a\n"}, {"commit": "main"}, {"commit": "a" * 39},
    {"commit": "-" * 40}, {"bearer": "a\nX: y"}, {"bearer": 'a"'}, {"timeout": -1}, {"timeout": "x"}, {"max_size": 0},
]  # fmt: skip


@pytest.mark.parametrize("more", WRONG, ids=range(len(WRONG)))
def test_wrong_parameters_are_refused_before_git_is_called(
    board: Onboard, server: GitServer, repository: Repository, more: dict[str, object]
) -> None:
    done = fetch(board, server, repository.commit(README="hello"), **more)

    assert done.returncode == 20
    assert not server.seen


def test_a_half_finished_fetch_is_done_again(board: Onboard, server: GitServer, repository: Repository) -> None:
    commit = repository.commit(README="hello")
    half = board.root / f"srv/fairground/services/.{commit}"
    half.mkdir(parents=True)
    (half / "rubbish").touch()

    assert fetch(board, server, commit).returncode == 0
    assert [path.name for path in (board.root / "srv/fairground/service").iterdir()] == ["README"]


def test_who_comes_while_another_fetches_waits_in_vain_and_does_it_no_harm(
    board: Onboard, server: GitServer, repository: Repository
) -> None:
    commit = repository.commit(README="hello")
    server.mode = "held"
    first = given(board, server, commit)
    board.start("fetch-service-1", str(board.code / "onboard"), "fetch-service", first)
    until("the first is at work", lambda: server.seen)

    assert fetch(board, server, commit, timeout=1).returncode == 21

    server.hold.set()
    assert board.ended("fetch-service-1")["code"] == 0
    assert [path.name for path in (board.root / "srv/fairground/service").iterdir()] == ["README"]


def test_what_is_asked_for_several_times_at_one_moment_is_fetched_once(
    board: Onboard, server: GitServer, repository: Repository
) -> None:
    path = given(board, server, repository.commit(README="hello"))

    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda _: board.program("fetch-service", path), range(4)))

    assert [one.returncode for one in done] == [0, 0, 0, 0]
    assert sum("info/refs" in asked for asked, _ in server.seen) == 1
