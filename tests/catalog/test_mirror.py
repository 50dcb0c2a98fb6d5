"""What our copies of repositories hold, whatever their servers do."""

import os
import shutil
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from catalog import git as git_caller
from catalog.git import Limits
from catalog.mirror import Mirror, drop, mirror_name
from catalog.url import Address, GitProblem, GitRules
from tests.catalog import servers
from tests.catalog.repos import commit, git, make_repo
from tests.catalog.servers import git_server

pytestmark = pytest.mark.thorough


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path / "served" / "app", {"fairground.toml": "format = 1\n", "script/install": "#!/bin/sh\n"})


def mirror_of(repo: Path, root: Path) -> Mirror:
    """Name a copy of a repository of this machine."""
    return Mirror.of(f"file://{repo}", root=root / "mirrors", rules=GitRules((f"file://{repo.parent}/",)))


def code_of(call: object, *given: object) -> str:
    """Return the code of the problem that a call ends with."""
    with pytest.raises(GitProblem) as caught:
        call(*given)  # type: ignore[operator]
    return caught.value.code


def test_a_refresh_brings_the_commit_and_its_files(repo: Path, tmp_path: Path) -> None:
    mirror = mirror_of(repo, tmp_path)

    head = mirror.refresh()

    assert head == git(repo, "rev-parse", "HEAD") == mirror.resolve()
    assert mirror.has_commit(head)
    assert mirror.read_file(head, "fairground.toml") == b"format = 1\n"
    assert abs(mirror.committed_at(head).timestamp() - time.time()) < 60


def test_a_refresh_over_http_works_alike(repo: Path, tmp_path: Path) -> None:
    with git_server(repo.parent) as server:
        mirror = Mirror.of(server.prefix + "app", root=tmp_path, rules=GitRules((server.prefix,)))

        assert mirror.refresh("main") == mirror.resolve("main") == git(repo, "rev-parse", "main")


def test_a_tag_and_a_commit_can_be_asked_for(repo: Path, tmp_path: Path) -> None:
    first = git(repo, "rev-parse", "HEAD")
    git(repo, "tag", "-a", "v1.0", "-m", "first")
    commit(repo, {"README.md": "second"})
    git(repo, "config", "uploadpack.allowAnySHA1InWant", "true")

    assert mirror_of(repo, tmp_path).refresh("v1.0") == first
    assert mirror_of(repo, tmp_path / "other").refresh(first) == first


def test_a_commit_stays_after_its_author_pushed_another_history(repo: Path, tmp_path: Path) -> None:
    mirror = mirror_of(repo, tmp_path)
    pinned = mirror.refresh()
    mirror.pin(pinned)
    for number in range(6):
        newest = commit(repo, {"fairground.toml": f"format = {number}\n"}, "--amend")
        assert mirror.refresh() == newest

    assert mirror.read_file(pinned, "fairground.toml") == b"format = 1\n"


def test_old_content_makes_room_for_new(repo: Path, tmp_path: Path) -> None:
    mirror = mirror_of(repo, tmp_path)
    commits = []
    for number in range(14):
        commit(repo, {"content.tar": f"{number}" * 10_000})
        commits.append(mirror.refresh())

    assert mirror.has_commit(commits[-1])
    assert not mirror.has_commit(commits[1])
    assert len(list(mirror.folder.glob("objects/pack/*.pack"))) < 14


def test_a_commit_that_is_not_there_is_said_so(repo: Path, tmp_path: Path) -> None:
    mirror = mirror_of(repo, tmp_path)
    mirror.refresh()

    assert not mirror.has_commit("0" * 40)
    assert not mirror.has_commit("HEAD")
    assert code_of(mirror.read_file, "0" * 40, "README.md") == "commit-missing"
    assert code_of(mirror.refresh, "0" * 40) == "commit-missing"
    assert code_of(mirror.refresh, "nowhere") == "ref-missing"
    assert code_of(mirror.resolve, "nowhere") == "ref-missing"


def test_a_link_a_folder_or_a_large_file_is_no_manifest(repo: Path, tmp_path: Path) -> None:
    (repo / "link").symlink_to("/etc/passwd")
    head = commit(repo, {"large": "x" * 70_000, "sub/file": "x"})
    mirror = mirror_of(repo, tmp_path)
    mirror.refresh()

    assert code_of(mirror.read_file, head, "link") == "file-not-plain"
    assert code_of(mirror.read_file, head, "sub") == "file-not-plain"
    assert code_of(mirror.read_file, head, "large") == "file-too-large"
    assert code_of(mirror.read_file, head, "fairground.tom?") == "file-missing"
    assert code_of(mirror.read_file, head, "../../../etc/passwd") == "file-missing"


def test_a_failed_refresh_keeps_the_last_good_state(repo: Path, tmp_path: Path) -> None:
    mirror = mirror_of(repo, tmp_path)
    good = mirror.refresh()
    (repo / ".git").rename(repo / "gone")

    assert code_of(mirror.refresh) in {"not-a-repository", "repository-missing"}
    assert mirror.resolve() == good
    assert mirror.read_file(good, "script/install")


def test_a_repository_that_is_too_large_is_refused(repo: Path, tmp_path: Path) -> None:
    mirror = mirror_of(repo, tmp_path)
    good = mirror.refresh()
    commit(repo, {"noise": bytes(range(256)) * 4 + random_bytes(3 * 1024 * 1024)})

    with pytest.raises(GitProblem, match="repository-too-large"):
        mirror.refresh(most_mib=1)

    assert mirror.resolve() == good
    assert mirror.size_mib() <= 2


def random_bytes(count: int) -> bytes:
    return Path("/dev/urandom").open("rb").read(count)


HOSTILE: dict[servers.Mode, str] = {
    servers.private: "repository-private",
    servers.moved: "repository-moved",
    servers.broken: "repository-unreachable",
    servers.missing: "repository-missing",
    servers.a_web_page: "not-a-repository",
    servers.garbage: "not-a-repository",
    servers.slow_drip: "too-slow",
    servers.black_hole: "too-slow",
    servers.many_refs: "too-slow",
}


@pytest.mark.parametrize("mode", HOSTILE, ids=lambda mode: mode.__name__)
def test_a_hostile_server_costs_a_second_and_is_named(mode: servers.Mode, tmp_path: Path) -> None:
    with git_server(tmp_path, mode) as server:
        mirror = Mirror.of(server.prefix + "app", root=tmp_path / "m", rules=GitRules((server.prefix,)))
        begin = time.monotonic()

        with pytest.raises(GitProblem) as caught:
            mirror.refresh(seconds=0.7)

        assert caught.value.code == HOSTILE[mode]
        assert time.monotonic() - begin < 60
        assert not any(path.startswith("/elsewhere") for path in server.asked)


def test_a_damaged_repository_is_refused(repo: Path, tmp_path: Path) -> None:
    blob = git(repo, "hash-object", "-w", "--stdin", given=b"x")
    tree = git(repo, "mktree", given=f"100644 blob {blob}\t.GIT\n".encode())
    git(repo, "update-ref", "refs/heads/main", git(repo, "commit-tree", tree, "-m", "bad"))

    assert code_of(mirror_of(repo, tmp_path).refresh) == "repository-damaged"


def test_submodules_are_never_fetched(repo: Path, tmp_path: Path) -> None:
    modules = '[submodule "x"]\n\tpath = x\n\turl = https://example.org/canary\n'
    commit(repo, {".gitmodules": modules})

    assert mirror_of(repo, tmp_path).refresh()
    assert not (mirror_of(repo, tmp_path).folder / "modules").exists()


def test_two_refreshes_at_once_do_not_meet(repo: Path, tmp_path: Path) -> None:
    mirror = mirror_of(repo, tmp_path)
    mirror.refresh()

    with mirror._alone():
        assert code_of(mirror.refresh) == "busy"
    assert mirror.refresh()


def test_who_has_time_waits_for_another_to_have_fetched(repo: Path, tmp_path: Path) -> None:
    mirror = mirror_of(repo, tmp_path)
    mirror.refresh()

    with ThreadPoolExecutor(1) as beside:
        with mirror._alone():
            waiting = beside.submit(mirror.refresh, patience=60)
            assert code_of(lambda: mirror.refresh(patience=0.3)) == "busy"
            assert not waiting.done()
        assert waiting.result()


def test_a_copy_that_came_back_from_a_backup_without_its_empty_folders_is_refreshed(repo: Path, tmp_path: Path) -> None:
    mirror = mirror_of(repo, tmp_path)
    head = mirror.refresh()
    git_caller.run(mirror.folder, ["pack-refs", "--all"])
    shutil.rmtree(mirror.folder / "refs")

    assert mirror.refresh() == head


def test_what_a_killed_git_left_behind_does_not_stop_the_next(repo: Path, tmp_path: Path) -> None:
    mirror = mirror_of(repo, tmp_path)
    mirror.refresh()
    commit(repo, {"README.md": "new"})
    for left in ("shallow.lock", "HEAD.lock", "objects/pack/tmp_pack_x"):
        (mirror.folder / left).touch()
        old = time.time() - 3600
        os.utime(mirror.folder / left, (old, old))

    assert mirror.refresh() == git(repo, "rev-parse", "HEAD")


def test_a_copy_can_be_dropped_twice(repo: Path, tmp_path: Path) -> None:
    mirror = mirror_of(repo, tmp_path)
    mirror.refresh()

    for _ in range(2):
        drop(mirror.url, root=mirror.folder.parent, rules=mirror.rules)

    assert not mirror.folder.exists()


def test_nothing_of_the_environment_reaches_git(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    canary = tmp_path / "canary"
    for name in ("GIT_SSH_COMMAND", "GIT_EXTERNAL_DIFF", "GIT_PROXY_COMMAND", "GIT_ASKPASS", "GIT_EXEC_PATH"):
        monkeypatch.setenv(name, f"touch {canary}")
    monkeypatch.setenv("GIT_DIR", "/nonexistent")

    assert mirror_of(repo, tmp_path).refresh()
    assert not canary.exists()


def test_hooks_of_a_mirror_are_never_run(repo: Path, tmp_path: Path) -> None:
    mirror = mirror_of(repo, tmp_path)
    mirror.refresh()
    hook = mirror.folder / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/canary\n")
    hook.chmod(0o755)

    mirror.refresh()

    assert not (tmp_path / "canary").exists()


def test_git_connects_to_the_address_that_was_looked_up_and_asks_nobody_again(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        pinned = Address(f"https://git.nowhere.example:{port}/a", "https", (f"git.nowhere.example:{port}:127.0.0.1",))
        folder = tmp_path / "a.git"
        git_caller.create(folder)

        with pytest.raises(GitProblem):
            git_caller.run(folder, ["ls-remote", "--", pinned.url], limits=Limits(seconds=0.5), address=pinned)

        listener.settimeout(1)
        assert listener.accept()[1][0] == "127.0.0.1"


def test_without_an_address_git_speaks_to_nobody(repo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a.git"
    git_caller.create(folder)

    with pytest.raises(GitProblem, match="not allowed"):
        git_caller.run(folder, ["ls-remote", "--", f"file://{repo}"])


def test_a_mirror_has_one_name_whatever_the_case(tmp_path: Path) -> None:
    one, other = (
        Mirror.of(url, root=tmp_path, rules=GitRules())
        for url in ("https://Git.Example.org/a", "https://git.example.org:443/a/")
    )

    assert one == other
    assert one.folder.name == mirror_name("https://git.example.org/a")
