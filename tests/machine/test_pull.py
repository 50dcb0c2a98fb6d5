"""Content: the newest that is good is what is served; whatever else happens is written down."""

import os
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.machine.content import Content
from tests.machine.git_server import GitServer, Repository
from tests.machine.onboard import Onboard
from tests.waiting import until

pytestmark = pytest.mark.thorough


def test_the_first_pull_brings_everything(content: Content, repository: Repository) -> None:
    commit = repository.commit(index="hello", sub__page="page")

    assert content.pull().returncode == 0
    assert content.shown() == {"index": "hello", "sub/page": "page"}
    told = content.told()
    assert (told["commit"], told["problem"]) == (commit, "")
    assert isinstance(told["age"], float)
    assert 0 <= told["age"] < 20
    assert str(told["at"]).endswith("+00:00")
    assert content.target.stat().st_mode & 0o777 == 0o755


def test_a_pull_without_anything_new_changes_only_when_it_looked(content: Content, repository: Repository) -> None:
    repository.commit(index="hello")
    content.pull()
    before, link = content.told(), content.target.readlink()

    assert content.pull().returncode == 0
    assert content.target.readlink() == link
    assert content.told()["at"] == before["at"]


def test_new_content_replaces_all_of_the_old(content: Content, repository: Repository) -> None:
    repository.commit(index="one", gone="x")
    content.pull()
    (content.target / "local").write_text("changed on the machine")
    commit = repository.commit(index="two", gone=None)

    assert content.pull().returncode == 0
    assert content.shown() == {"index": "two"}
    assert content.told()["commit"] == commit


def test_three_good_contents_are_kept(content: Content, repository: Repository) -> None:
    commits = []
    for number in range(6):
        commits.append(repository.commit(index=str(number)))
        content.pull()

    assert {path.name[:16] for path in content.releases.iterdir()} == {commit[:16] for commit in commits[-3:]}


def test_a_forced_push_is_followed_by_a_mirror(content: Content, repository: Repository) -> None:
    repository.commit(index="one")
    content.pull()
    repository.git("checkout", "--quiet", "--orphan", "other")
    repository.commit(index="rewritten")
    repository.git("branch", "-M", "main")

    assert content.pull().returncode == 0
    assert content.shown() == {"index": "rewritten"}


def test_rewritten_history_is_refused_where_only_steps_forward_are_taken(
    content: Content, repository: Repository
) -> None:
    repository.commit(index="one")
    assert content.pull(mode="fast-forward").returncode == 0
    repository.commit(index="two")
    assert content.pull().returncode == 0
    repository.git("checkout", "--quiet", "--orphan", "other")
    repository.commit(index="rewritten")
    repository.git("branch", "-M", "main")

    assert content.pull().returncode == 18
    assert content.shown() == {"index": "two"}
    assert content.told()["problem"] == "history-rewritten"


def test_content_that_is_given_once_belongs_to_the_app(content: Content, repository: Repository) -> None:
    repository.commit(index="seed")
    assert content.pull(mode="once").returncode == 0
    assert not content.target.is_symlink()
    (content.target / "index").write_text("changed by the app")
    repository.commit(index="newer")

    assert content.pull().returncode == 0
    assert content.shown() == {"index": "changed by the app"}


def test_content_that_is_given_once_comes_in_though_the_installer_left_something_there(
    content: Content, repository: Repository
) -> None:
    content.target.mkdir(parents=True)
    (content.target / "made-by-the-installer").write_text("x")
    repository.commit(index="seed")

    assert content.pull(mode="once").returncode == 0
    assert content.shown() == {"index": "seed"}
    assert (content.releases / ".before/made-by-the-installer").read_text() == "x"


def test_content_that_is_given_once_takes_the_place_of_a_mirror(content: Content, repository: Repository) -> None:
    repository.commit(index="seed")
    content.pull()

    assert content.pull(mode="once").returncode == 0
    assert not content.target.is_symlink()
    assert content.shown() == {"index": "seed"}


def test_a_death_just_after_content_was_given_once_takes_nothing_from_the_app(
    content: Content, repository: Repository
) -> None:
    repository.commit(index="seed")
    content.pull(mode="once")
    content.know(commit="", release="", checked_at=None)
    (content.target / "index").write_text("changed by the app")

    assert content.pull().returncode == 0
    assert content.shown() == {"index": "changed by the app"}


def test_a_death_just_before_content_is_given_once_loses_nothing(content: Content, repository: Repository) -> None:
    repository.commit(index="seed")
    content.know(placed=str(content.target))
    content.target.parent.mkdir(parents=True)
    (content.target.parent / ".data.fairground").mkdir()

    assert content.pull(mode="once").returncode == 0
    assert content.shown() == {"index": "seed"}
    assert [path.name for path in content.target.parent.iterdir()] == ["data"]


def test_what_older_code_gave_once_without_a_note_belongs_to_the_app(content: Content, repository: Repository) -> None:
    commit = repository.commit(index="seed")
    content.know(commit=commit, at="2030-01-01T00:00:00+00:00", release=f"{commit[:16]}-00000000")
    content.target.mkdir(parents=True)
    (content.target / "index").write_text("changed by the app")
    repository.commit(index="newer")

    assert content.pull(mode="once").returncode == 0
    assert content.shown() == {"index": "changed by the app"}


def test_what_was_put_back_from_a_copy_belongs_to_the_app(content: Content, repository: Repository) -> None:
    repository.commit(index="seed")
    content.target.mkdir(parents=True)
    (content.target / "index").write_text("from the copy")

    assert content.pull(mode="once", loaded=True).returncode == 0
    assert content.shown() == {"index": "from the copy"}


def test_only_a_part_of_the_repository_may_be_content(content: Content, repository: Repository) -> None:
    repository.commit(README="for authors", site__index="hello", site__deep__er="x")

    assert content.pull(path="site").returncode == 0
    assert content.shown() == {"index": "hello", "deep/er": "x"}
    assert content.pull(path="no/such").returncode == 19
    assert content.pull(path="README").returncode == 19


def test_another_branch_may_be_content(content: Content, repository: Repository) -> None:
    repository.commit(index="main")
    repository.git("checkout", "--quiet", "-b", "live/now")
    repository.commit(index="live")

    assert content.pull(ref="live/now").returncode == 0
    assert content.shown() == {"index": "live"}
    assert content.pull(ref="no-such").returncode == 10


@pytest.mark.parametrize(
    ("mode", "problem"), [("500", "unreachable"), ("401", "access-refused"), ("silent", "out-of-time")]
)
def test_when_there_is_nothing_to_get_the_last_good_content_stays(
    content: Content, server: GitServer, repository: Repository, mode: str, problem: str
) -> None:
    commit = repository.commit(index="good")
    content.pull()
    server.mode = mode

    assert content.pull(timeout=2).returncode in (11, 14, 15)
    assert content.shown() == {"index": "good"}
    told = content.told()
    assert (told["commit"], told["problem"]) == (commit, problem)

    server.mode = "good"
    assert content.pull(timeout=60).returncode == 0
    assert content.told()["problem"] == ""


def test_a_damaged_copy_on_the_machine_is_thrown_away(content: Content, repository: Repository) -> None:
    repository.commit(index="one")
    content.pull()
    packs = content.board.root / "var/cache/fairground/content/repository/objects"
    for path in packs.rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(b"rubbish")
    repository.commit(index="two")

    done = content.pull()

    assert done.returncode == 0, done.stdout
    assert content.shown() == {"index": "two"}


def test_too_much_content_is_refused_and_the_last_good_stays(content: Content, repository: Repository) -> None:
    repository.commit(index="good")
    content.pull(max_size=100_000)
    repository.commit(big=os.urandom(200_000))

    assert content.pull().returncode == 12
    assert content.shown() == {"index": "good"}
    assert content.told()["problem"] == "too-big"


def test_empty_content_is_refused(content: Content, repository: Repository) -> None:
    repository.commit(index="good")
    content.pull()
    repository.commit(index=None)

    assert content.pull().returncode == 19
    assert content.shown() == {"index": "good"}


@pytest.mark.parametrize("leads", ["/etc/passwd", "../../../etc", "sub/../../x", "loop/.."])
def test_a_link_that_leads_outside_is_refused(content: Content, repository: Repository, leads: str) -> None:
    repository.commit(index="good", sub__x="x")
    content.pull()
    (repository.folder / "loop").symlink_to(".")
    (repository.folder / "evil").symlink_to(leads)
    repository.commit(index="bad")

    assert content.pull().returncode == 13
    assert content.shown() == {"index": "good", "sub/x": "x"}


def test_a_link_within_the_content_is_kept(content: Content, repository: Repository) -> None:
    (repository.folder / "latest").symlink_to("index")
    repository.commit(index="good")

    assert content.pull().returncode == 0
    assert (content.target / "latest").read_text() == "good"


def test_what_was_at_the_target_is_set_aside_once(content: Content, repository: Repository) -> None:
    content.target.mkdir(parents=True)
    (content.target / "made-by-the-installer").write_text("x")
    repository.commit(index="hello")

    assert content.pull().returncode == 0
    assert content.shown() == {"index": "hello"}
    assert (content.releases / ".before/made-by-the-installer").read_text() == "x"


def test_a_link_or_release_that_somebody_removed_comes_back(content: Content, repository: Repository) -> None:
    repository.commit(index="hello")
    content.pull()
    shutil.rmtree(content.target.resolve())
    assert content.pull().returncode == 0
    content.target.unlink()
    assert content.pull().returncode == 0

    assert content.shown() == {"index": "hello"}


def test_the_app_is_told_of_new_content_and_only_of_new(content: Content, repository: Repository) -> None:
    told = content.board.root / "told"
    content.hook(f'echo "$FAIRGROUND_CONTENT $FAIRGROUND_COMMIT" >> {told}; pwd; echo said')
    first = repository.commit(index="one")
    done = content.pull(after="after")
    content.pull()
    second = repository.commit(index="two")
    content.pull()

    assert done.returncode == 0
    assert "said" in done.stdout
    assert told.read_text() == f"{content.target} {first}\n{content.target} {second}\n"


def test_an_app_that_could_not_be_told_is_told_again(content: Content, repository: Repository) -> None:
    content.hook("exit 7")
    repository.commit(index="one")
    assert content.pull(after="after").returncode == 16
    assert content.told()["problem"] == "hook-failed"
    assert content.shown() == {"index": "one"}

    content.hook(f"touch {content.board.root}/told")
    assert content.pull().returncode == 0
    assert (content.board.root / "told").exists()


def test_an_app_that_can_never_be_told_keeps_no_more_contents_than_any_other(
    content: Content, repository: Repository
) -> None:
    content.hook("exit 0")
    good = repository.commit(index="good")
    content.pull(after="after")
    content.hook("exit 7")
    for number in range(4):
        newest = repository.commit(index=str(number))
        assert content.pull().returncode == 16

    kept = {path.name[:16] for path in content.releases.iterdir()}
    assert len(kept) == 3
    assert kept >= {good[:16], newest[:16]}
    assert content.shown() == {"index": "3"}


def test_what_a_pull_that_was_cut_off_left_of_its_pack_is_thrown_away(content: Content, repository: Repository) -> None:
    repository.commit(index="one")
    content.pull()
    packs = content.board.root / "var/cache/fairground/content/repository/objects/pack"
    (packs / "tmp_pack_x1Yz2A").write_bytes(b"half")

    assert content.pull().returncode == 0
    assert not list(packs.glob("tmp_*"))


def test_pulls_at_the_same_moment_wait_for_each_other(content: Content, repository: Repository) -> None:
    content.hook(f"mkdir {content.board.root}/alone && rmdir {content.board.root}/alone")
    repository.commit(index="one")
    content.write(after="after")

    with ThreadPoolExecutor(4) as threads:
        codes = list(threads.map(lambda _: content.board.program("pull").returncode, range(4)))

    assert codes == [0, 0, 0, 0]


def begin_endless_pull(content: Content, repository: Repository) -> None:
    """Its app is being told, and never ends."""
    content.hook(f"touch {content.board.root}/busy; sleep 1000")
    repository.commit(index="one")
    content.write(after="after")
    content.board.start("slow", str(content.board.code / "onboard"), "pull")
    until("the app is told", (content.board.root / "busy").exists)


def test_a_pull_that_waits_in_vain_says_so(content: Content, repository: Repository) -> None:
    begin_endless_pull(content, repository)

    assert content.pull(timeout=1).returncode == 21


def test_an_app_that_does_not_end_in_time_when_it_is_told_has_failed(content: Content, repository: Repository) -> None:
    begin_endless_pull(content, repository)

    os.kill(content.board.run("slow")["pid"], signal.SIGALRM)

    assert content.board.ended("slow")["code"] == 16
    assert content.told()["problem"] == "hook-failed"


def test_ending_a_pull_leaves_the_last_good_content(
    content: Content, server: GitServer, repository: Repository
) -> None:
    repository.commit(index="good")
    content.pull()
    server.mode = "silent"
    asked = len(server.seen)
    content.board.start("pull-now", str(content.board.code / "onboard"), "pull")
    until("it asks the server", lambda: len(server.seen) > asked)

    assert content.board.ask("job-end", name="pull-now") == {"ended": True}
    assert content.shown() == {"index": "good"}
    assert content.told()["problem"] == "ended"
    assert not any(b"fetch" in line and str(content.board.root).encode() in line for line in command_lines())


def command_lines() -> list[bytes]:
    """Of all programs."""
    return [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]


WRONG = [
    {"target": "relative"}, {"target": "/"}, {"target": "/a/../b"}, {"path": "../x"}, {"path": "/x"},
    {"archive": ".git/config"}, {"mode": "twice"}, {"ref": "--all"}, {"ref": "a b"},
    {"ref": "+x:y"}, {"url": "https://"}, {"max_size": "big"}, {"loaded": "yes"},
]  # fmt: skip


@pytest.mark.parametrize("more", WRONG, ids=range(len(WRONG)))
def test_wrong_parameters_are_refused(content: Content, server: GitServer, more: dict[str, object]) -> None:
    assert content.pull(**more).returncode == 20
    assert not server.seen


def test_a_machine_without_content_says_so(board: Onboard) -> None:
    told = board.ask("content")

    assert (told["commit"], told["at"], told["age"], told["problem"]) == ("", None, None, "")
