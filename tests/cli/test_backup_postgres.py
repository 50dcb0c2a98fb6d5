"""Backup and restore where the database is a server: a cluster of its own, ended with the test."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli import backup, env_file, portal_files, restore, servers
from cli.talk import HaltError

pytestmark = pytest.mark.postgres
TABLE = (
    "CREATE TABLE provisioning_admission (id int PRIMARY KEY, is_open bool, quarantined bool, last_person_id bigint)"
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="fgpg") as folder:
        Path(folder).chmod(0o755)
        with servers.postgres(Path(folder) / "pg") as url:
            monkeypatch.setenv("FAIRGROUND_HOME", str(tmp_path))
            monkeypatch.setenv("FAIRGROUND_RUN", str(tmp_path / "run"))
            monkeypatch.setenv("DATABASE_URL", url)
            env_file.write({"SECRET_KEY": "one"})
            sql(f"{TABLE}; CREATE TABLE told (word text); INSERT INTO told VALUES ('before')")
            yield tmp_path


def sql(statement: str) -> str:
    words = ["psql", "-At", "-q", "-c", statement]
    done = subprocess.run(words, env=portal_files.postgres_settings(), capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_portal_on_postgresql_comes_back_as_it_was_and_in_quarantine(home: Path) -> None:
    taken = backup.take(home / "kept.tar", copies=True)
    sql("UPDATE told SET word = 'after'")
    restore.restore(taken, yes=True)
    assert (sql("SELECT word FROM told"), sql("SELECT quarantined FROM provisioning_admission")) == ("before", "t")
    assert [path.name for path in home.glob("replaced-*/*.dump")] == ["database.dump"]


def test_a_restore_that_postgresql_refuses_changes_no_row(home: Path) -> None:
    taken = backup.take(home / "kept.tar", copies=True)
    sql("UPDATE told SET word = 'after'; CREATE VIEW leans AS SELECT * FROM told")  # the table cannot be dropped
    with pytest.raises(HaltError, match="as it was"):
        restore.restore(taken, yes=True)
    assert sql("SELECT word FROM told") == "after"
