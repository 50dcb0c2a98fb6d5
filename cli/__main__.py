"""`./fairground COMMAND`: what each command takes, and which module does it."""

import argparse
import os
import sys
from collections.abc import Callable

from cli.admin import admin
from cli.backup import backup
from cli.container_engine import EngineError
from cli.doctor import doctor
from cli.down import down
from cli.home import CHECKOUT, as_meant
from cli.lock import lock
from cli.remove import remove
from cli.restore import accept, restore
from cli.roll_call import roll_call
from cli.service import service
from cli.status import status
from cli.suite import suite
from cli.talk import HaltError
from cli.up import up
from cli.upgrade import upgrade
from cli.within import within_venv

CONTAINER = "container"
"""The kind of place that every portal has from the beginning."""


def _port(word: str) -> int:
    if word.isdecimal() and 1 <= int(word) <= 65535:
        return int(word)
    raise argparse.ArgumentTypeError(f"a port is a number from 1 to 65535, not {word}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./fairground", description="Anybody launches a web service with one press.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add = commands.add_parser("up", help="set up what is missing, run the portal, print its address; Ctrl-C ends it")
    add.add_argument("--yes", action="store_true", help="agree beforehand to what will be changed on this system")
    add.add_argument("--port", type=_port, help="where the portal listens (8000, else the next free one)")
    add.add_argument("--apps-port", type=_port, help="where the services answer (8080, else the next free one)")
    where = add.add_mutually_exclusive_group()
    where.add_argument(
        "--listen",
        metavar="ADDRESS",
        help="serve a local network without DNS at this address of ours; localhost: no more",
    )
    where.add_argument("--domain", metavar="NAME", help="the portal's public name; people come over https")
    add.add_argument("--apps-domain", metavar="NAME", help="the domain under which services get their names")
    add.add_argument("--certificate", metavar="FILE", help="for both names; without it, a proxy of yours does TLS")
    add.add_argument("--key", metavar="FILE", help="the certificate's private key")
    add.add_argument("--detach", action="store_true", help="return when the portal answers, and leave it running")
    commands.add_parser("down", help="stop everything that was ever started here; data stays")
    commands.add_parser("status", help="tell what runs, and where")
    commands.add_parser("doctor", help="eleven lines: each fine, or what is wrong and the command that mends it")
    commands.add_parser("roll-call", help="count heads at every place: we say, the place says; 0 only if all agree")
    add = commands.add_parser("admin", help="print a new password for an administrator; makes one if there is none")
    add.add_argument("mail", nargs="?", default="", metavar="MAIL", help="whose; without it, the first one's")
    add = commands.add_parser("backup", help="keep the portal itself: database, keys, mirrors, copies, in one file")
    add.add_argument("file", nargs="?", type=as_meant, metavar="FILE", help="where to (a new file among our data)")
    add.add_argument("--without-copies", action="store_true", help="leave the kept copies of services out")
    add = commands.add_parser("restore", help="put a backup back; the portal then looks, and removes nothing")
    what = add.add_mutually_exclusive_group(required=True)
    what.add_argument("file", nargs="?", type=as_meant, metavar="FILE", help="the backup")
    what.add_argument("--accept", action="store_true", help="end the quarantine that a restored portal starts in")
    add.add_argument("--yes", action="store_true", help="replace the portal that is here; it is kept aside")
    add = commands.add_parser("remove", help="take away everything that `up` ever brought; asks about kept copies")
    add.add_argument("--yes", action="store_true", help="agree beforehand; kept copies are then kept")
    what = add.add_mutually_exclusive_group()
    what.add_argument("--keep-copies", action="store_true", help="do not ask about kept copies: they are kept")
    what.add_argument("--delete-copies", action="store_true", help="delete kept copies for ever")
    add = commands.add_parser("upgrade", help="take newer code and start with it; a backup comes first")
    add.add_argument("ref", nargs="?", default="", metavar="REF", help="a branch, tag or commit of origin")
    add = commands.add_parser("service", help="write a systemd unit that starts the portal with the computer")
    add.add_argument("--print", action="store_true", dest="only_print", help="show it, change nothing")
    add = commands.add_parser("test", help="set up what tests need, run them all and the static checks")
    add.add_argument(
        "--fast", action="store_true", help="under a minute: no containers, no browser, no thousands of lives"
    )
    add = commands.add_parser("demo", help="tell the whole story on the real engine, as a timeline with seconds")
    add.add_argument("--keep", action="store_true", help="leave the portal running afterwards")
    places = [CONTAINER, *sorted(file.stem for file in (CHECKOUT / "tests" / "demo").glob("[a-z]*.py"))]
    add.add_argument(
        "--fabric", choices=places, default=CONTAINER, help="the kind of place that the machines come from"
    )
    add = commands.add_parser("bench", help="measure something: launch, reconciler, faults, idle, pages or viewers")
    add.add_argument("name", choices=["launch", "reconciler", "faults", "idle", "pages", "viewers"])
    add.add_argument("--json", action="store_true", help="print figures for programs")
    add = commands.add_parser("lock", help="write the lock files from the .in files")
    add.add_argument("--upgrade", action="store_true", help="take the newest versions that fit")
    return parser


def main() -> int:
    """Return the exit code."""
    parser = _parser()
    asked, further = parser.parse_known_args()
    if further and asked.command not in {"test", "bench"}:
        parser.error(f"unknown: {' '.join(further)}")
    deeds: dict[str, Callable[[], int]] = {
        "up": lambda: up(asked),
        "down": down,
        "status": status,
        "doctor": doctor,
        "roll-call": roll_call,
        "admin": lambda: admin(asked.mail),
        "backup": lambda: backup(asked.file, copies=not asked.without_copies),
        "restore": lambda: accept() if asked.accept else restore(asked.file, yes=asked.yes),
        "remove": lambda: remove(yes=asked.yes, keep_copies=asked.keep_copies, delete_copies=asked.delete_copies),
        "upgrade": lambda: upgrade(asked.ref),
        "service": lambda: service(only_print=asked.only_print),
        "test": lambda: suite(further, fast=asked.fast),
        "lock": lambda: lock(upgrade=asked.upgrade),
        "demo": lambda: within_venv(
            "cli.demo" if asked.fabric == CONTAINER else f"tests.demo.{asked.fabric}", ["--keep"] if asked.keep else []
        ),
        "bench": lambda: within_venv(f"tests.benchmarks.{asked.name}", [*further, *(["--json"] if asked.json else [])]),
    }
    return deeds[asked.command]()


if __name__ == "__main__":
    os.umask(0o022)  # whoever calls may have a narrow one; what holds a secret is written with a mode of its own
    for name in {"FAIRGROUND_HOME", "FAIRGROUND_RUN"} & os.environ.keys():
        os.environ[name] = str(as_meant(os.environ[name])) if os.environ[name] else ""
    try:
        sys.exit(main())
    except (HaltError, EngineError) as told:
        print(f"\n{told}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        sys.exit(130)
