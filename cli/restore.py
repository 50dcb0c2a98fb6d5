"""`./fairground restore FILE`: puts a backup back. What it replaces is kept aside, and the portal starts in quarantine."""

import shutil
import sqlite3
import subprocess
import tarfile
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote

from cli import backup, env_file, ours, portal_files, programs
from cli.backup import COPIES, DUMP, SETTINGS, SQLITE
from cli.home import file_url, home, settings_file
from cli.manage import manage
from cli.talk import HaltError, say

FOUND_BY_UP = ("DOCKER_HOST", "MACHINE_IMAGE", "GIT_DOOR_LISTEN", "GIT_DOOR_FOR_US_ALONE", "CADDY_ADMIN")
PLACES = ("DATABASE_URL", "BROKER_URL", "CACHE_URL", "ARCHIVES", "BACKUPS", "BROKER_FOLDER", "MIRRORS", "VISITS")
OF_THIS_COMPUTER = (*FOUND_BY_UP, *PLACES)
"""Settings that say where things are here; those of the backup may be another computer's."""
ANOTHER_KIND = "The backup is of another kind of database than the one DATABASE_URL names. Nothing was changed."
IN_QUARANTINE = (
    "INSERT INTO provisioning_admission (id, is_open, quarantined, last_person_id) VALUES (1, {yes}, {yes}, 0) "
    "ON CONFLICT (id) DO UPDATE SET quarantined = {yes}"
)
EMPTY = """
SET client_min_messages = warning;
DO $$
DECLARE command text;
BEGIN
  FOREACH command IN ARRAY ARRAY(
    SELECT format('DROP %s IF EXISTS %I.%I%s CASCADE', kind, current_schema(), name, arguments) FROM (
      SELECT 'pg_class'::regclass AS catalog, oid, relnamespace AS place, relowner AS owner, relname AS name, '' AS arguments,
        CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE'
          WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind, relkind = 'S' AS late
        FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace, proowner, proname,
        format('(%s)', pg_get_function_identity_arguments(oid)), 'ROUTINE', false FROM pg_proc
      UNION ALL SELECT 'pg_type'::regclass, oid, typnamespace, typowner, typname, '', 'TYPE', true
        FROM pg_type WHERE typtype IN ('d', 'e', 'r') OR typrelid IN (SELECT oid FROM pg_class WHERE relkind = 'c')
    ) AS made
    WHERE place = current_schema()::regnamespace AND pg_has_role(owner, 'USAGE')
      AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = catalog AND objid = made.oid AND deptype = 'e')
    ORDER BY late
  ) LOOP
    EXECUTE command;
  END LOOP;
END $$;
"""
"""Drops what is ours in our schema, also what is younger than the backup. The schema itself may be somebody else's, and
so are extensions in it. Sequences and types come late: most go with their tables."""


def restore(file: Path, *, yes: bool) -> int:
    """Check all of it, then put it in the place of what is here. Raises HaltError; nothing is deleted."""
    manifest = backup.read_manifest(file)
    if (SQLITE if portal_files.sqlite_file() else DUMP) not in manifest["files"]:  # type: ignore[operator]
        raise HaltError(ANOTHER_KIND)
    _agree_to_replace(file, yes=yes)
    for name in ("up", *ours.NAMES):
        programs.stop(name, patience=30)
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    fresh, aside = home() / f".restoring-{stamp}", home() / f"replaced-{stamp}"
    for folder in (fresh, aside):
        folder.mkdir(mode=0o700, parents=True)
    try:
        with tarfile.open(file, "r:") as tar:
            tar.extractall(fresh, filter="data")
        _put_back(fresh, aside, str(manifest["home"]))
    finally:
        shutil.rmtree(fresh)
    say(f"The portal is as it was at {manifest['made']}. What was here before lies in {aside}.")
    say("It starts in quarantine: it looks, and ends and removes nothing. Next: `./fairground up`, then")
    say("`./fairground status` shows what differs; `./fairground restore --accept` ends the quarantine.")
    return 0


def accept() -> int:
    """End the quarantine: what has no row goes after ten minutes, what is over ends, and rows find out what they miss."""
    say(manage("lift_quarantine").strip())
    return 0


def _agree_to_replace(file: Path, *, yes: bool) -> None:
    runs = programs.pid("up") is not None
    if (runs or settings_file().exists()) and not yes:
        raise HaltError(
            f"There is a portal here already{', and it runs' if runs else ''}: {home()}. "
            f"`./fairground restore --yes {quote(str(file))}` puts the backup in its place and keeps what is here aside. "
            "Nothing was changed."
        )


def _put_back(fresh: Path, aside: Path, was: str) -> None:
    """Each by a rename, the settings last; after a fall at any line, the same `restore --yes` does it again."""
    kept = env_file.read()
    if settings_file().exists():
        shutil.copy2(settings_file(), aside / SETTINGS)
    _put_database(fresh, aside)
    for name in portal_files.FOLDERS:
        _make_whole(fresh / name)
        if (fresh / name).exists():
            _swap(fresh / name, portal_files.folder(name), aside / name)
    _add_copies(fresh / COPIES, portal_files.folder(COPIES))
    _put_settings(fresh / SETTINGS, kept, was)


def _put_database(fresh: Path, aside: Path) -> None:
    """Marked as quarantined before it is in its place, so that no clock ever reads it unmarked."""
    place = portal_files.sqlite_file()
    if place and (fresh / SQLITE).exists():
        with closing(sqlite3.connect(fresh / SQLITE)) as database, database:
            database.execute(IN_QUARANTINE.format(yes=1))
        if place.exists():
            with (
                suppress(sqlite3.DatabaseError),
                closing(sqlite3.connect(place)) as old,
            ):  # a damaged one is kept as it is
                old.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # what is kept aside is whole without its journal
        for end in ("-wal", "-shm"):  # else the old journal would be played into the new file
            beside = place.with_name(place.name + end)
            if beside.exists():
                beside.replace(aside / beside.name)
        _swap(fresh / SQLITE, place, aside / place.name)
    elif not place and (fresh / DUMP).exists():
        backup.snapshot(aside)
        _put_dump(fresh / DUMP)
    else:
        raise HaltError(ANOTHER_KIND)


def _put_dump(dump: Path) -> None:
    """All in one transaction, the mark too. What lies in other schemas is not ours."""
    settings = portal_files.postgres_settings()
    psql = ["psql", "--quiet", "--no-psqlrc"]
    asked = [*psql, "--tuples-only", "--no-align", "--command", "SELECT current_schema()"]
    schema = subprocess.run(asked, env=settings, capture_output=True, text=True, check=False).stdout.strip()
    words = ["pg_restore", "--schema", schema, "--no-owner", "--no-comments", "--file", "-", str(dump)]
    script = subprocess.run(words, env=settings, capture_output=True, text=True, check=False)
    text = f"{EMPTY}\n{script.stdout}\nRESET search_path;\n{IN_QUARANTINE.format(yes='true')};\n"
    whole = [*psql, "--single-transaction", "--set", "ON_ERROR_STOP=1"]
    done = script.returncode or subprocess.run(
        whole, env=settings, input=text, stdout=subprocess.DEVNULL, text=True, check=False
    ).returncode  # fmt: skip
    if done:
        raise HaltError(
            f"PostgreSQL did not take the backup; its words are above. Its data is as it was. {script.stderr}"
        )


def _make_whole(folder: Path) -> None:
    """Folders in which no file lay are in no backup, and without two of them git knows no repository."""
    for head in list(folder.rglob("HEAD")):
        if head.with_name("config").exists():
            for name in ("objects", "refs"):
                head.with_name(name).mkdir(exist_ok=True)


def _swap(fresh: Path, place: Path, aside: Path) -> None:
    if place.exists():
        shutil.move(place, aside)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.move(fresh, place)


def _add_copies(fresh: Path, place: Path) -> None:
    """Copies are added and never taken away: their names are used once."""
    for path in fresh.glob("*"):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (place / path.name).exists():
            shutil.move(path, place / path.name)


def _put_settings(fresh: Path, kept: dict[str, str], was: str) -> None:
    """Keys and addresses as in the backup; where things are on this computer, as they are here. `was`: the home then."""
    text = fresh.read_text()
    then = env_file.parse(text)
    starter = file_url(Path(was) / "starter")  # rows and running machines know the starter apps by it
    settings = {"STARTER_URL": starter} | {name: told for name, told in then.items() if name not in OF_THIS_COMPUTER}
    env_file.put(settings | {name: kept[name] for name in OF_THIS_COMPUTER if name in kept}, env_file.remarks(text))
    if other := [name for name in PLACES if name in then and then[name] != portal_files.setting(name)]:
        say(f"Not taken over, because they name places of then: {', '.join(other)}. Where one is right here as well,")
        say(f"write it into {settings_file()} and restore once more, with --yes, before you start the portal.")
