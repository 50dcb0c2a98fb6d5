"""A restore as one story: a portal whose world went on after its backup comes back into a fresh home, on a real engine."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.portal import Portal
from tests.e2e.service import Service
from tests.waiting import until

pytestmark = [pytest.mark.engine, pytest.mark.caddy, pytest.mark.thorough]

OWE = """
from datetime import timedelta
from django.utils.timezone import now
from provisioning.models import Mail
Mail.objects.create(recipient="late@example.org", subject="Late", text="x", created_at=now(),
                    due_at=now() + timedelta(seconds=15))
"""
"""Owed when the backup is made, and due when it is put back."""


@dataclass
class Story:
    """What is there when the restored portal runs."""

    portal: Portal
    told: str
    kept: Service
    ended: Service
    unknown: str
    """The key of a machine that was launched after the backup."""

    def has_container(self, key: str) -> bool:
        return any(
            "fairground-" + key == one.name for one in self.portal.docker.containers.list(all=True, ignore_removed=True)
        )

    def late_mail_has_left(self) -> bool:
        (row,) = self.portal.rows("SELECT sent_at FROM provisioning_mail WHERE recipient = 'late@example.org'")
        return row["sent_at"] is not None


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="fg") as name:
        folder = Path(name)
        for part in (folder, folder / "old", folder / "new"):
            part.mkdir(exist_ok=True)
            part.chmod(0o711)
        old = Portal(folder / "old")
        new = Portal(folder / "new", port=old.port, apps_port=old.apps_port)
        new.env["GIT_TRUSTED"] = old.env["GIT_TRUSTED"]
        try:
            yield tell(old, new, folder / "backup.tar")
        finally:
            for portal in (old, new):
                portal.fairground("down")
                portal.clear_away()
                portal.engine.close()


def tell(old: Portal, new: Portal, file: Path) -> Story:
    """Up to the moment at which the restored portal runs, in quarantine."""
    old.start()
    old.shelve_tiny()
    kept, ended = old.launch("tiny"), old.launch("tiny")
    kept.reaches("ready")
    ended.reaches("ready")
    old.manage("shell", "-v", "0", "-c", OWE)
    assert old.fairground("backup", str(file)).returncode == 0
    later = old.launch("tiny")
    ended.end()
    later.reaches("ready")
    ended.reaches("gone")
    unknown = str(later.machine["key"])
    assert old.fairground("down").returncode == 0
    done = new.fairground("restore", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout + new.start()
    return Story(new, told, Service(new, kept.key, kept.by), Service(new, ended.key, ended.by), unknown)


class TestOneStory:
    """In the order in which it happens."""

    def test_it_tells_what_comes_next(self, story: Story) -> None:
        assert "It starts in quarantine" in story.told

    def test_a_service_of_before_the_backup_answers_at_its_address(self, story: Story) -> None:
        story.kept.shows("Tiny is here", seconds=60)

    def test_a_head_count_shows_who_is_unknown_and_who_is_missing(self, story: Story) -> None:
        until("heads are counted", lambda: story.portal.rows("SELECT * FROM provisioning_stray"), 120)
        told = story.portal.fairground("status").stdout
        assert f"stray        {story.unknown} at This computer" in told
        assert f"ghost        {story.ended.machine['key']} at This computer" in told
        assert "quarantine   a backup was put back" in told

    def test_nothing_is_taken_away_and_no_mail_of_the_backup_leaves(self, story: Story) -> None:
        assert story.has_container(story.unknown)
        assert not story.late_mail_has_left()

    def test_when_the_quarantine_is_lifted_the_mail_leaves_and_the_missing_one_is_told(self, story: Story) -> None:
        assert story.portal.fairground("restore", "--accept").returncode == 0
        until("the mail left", story.late_mail_has_left, 60)
        assert "quarantine" not in story.portal.fairground("status").stdout
        story.kept.shows("Tiny is here")
