"""`./fairground COMMAND`: what each command takes, and which module does it."""

import argparse
import sys

from cli.container_engine import EngineError
from cli.down import down
from cli.lock import lock
from cli.status import status
from cli.suite import suite
from cli.talk import HaltError
from cli.up import up
from cli.within import within_venv


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./fairground", description="Anybody launches a web service with one press.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add = commands.add_parser("up", help="set up what is missing, run the portal, print its address; Ctrl-C ends it")
    add.add_argument("--yes", action="store_true", help="agree beforehand to what will be changed on this system")
    add.add_argument("--port", type=int, help="where the portal listens (8000, else the next free one)")
    add.add_argument("--apps-port", type=int, help="where the services answer (8080, else the next free one)")
    add.add_argument(
        "--listen",
        metavar="ADDRESS",
        help="serve a local network without DNS at this address of ours; localhost: no more",
    )
    add.add_argument("--domain", metavar="NAME", help="the portal's public name; people come over https")
    add.add_argument("--apps-domain", metavar="NAME", help="the domain under which services get their names")
    add.add_argument("--certificate", metavar="FILE", help="for both names; without it, a proxy of yours does TLS")
    add.add_argument("--key", metavar="FILE", help="the certificate's private key")
    add.add_argument("--detach", action="store_true", help="return when the portal answers, and leave it running")
    commands.add_parser("down", help="stop everything that was ever started here; data stays")
    commands.add_parser("status", help="tell what runs, and where")
    add = commands.add_parser("test", help="set up what tests need, run them all and the static checks")
    add.add_argument("--fast", action="store_true", help="under a minute: no containers, no browser, no thousands of lives")
    add = commands.add_parser("demo", help="tell the whole story on the real engine, as a timeline with seconds")
    add.add_argument("--keep", action="store_true", help="leave the portal running afterwards")
    add = commands.add_parser("bench", help="measure something: launch, reconciler or idle")
    add.add_argument("name", choices=["launch", "reconciler", "idle"])
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
    match asked.command:
        case "up":
            return up(asked)
        case "down":
            return down()
        case "status":
            return status()
        case "test":
            return suite(further, fast=asked.fast)
        case "lock":
            return lock(upgrade=asked.upgrade)
        case "demo":
            return within_venv("cli.demo", ["--keep"] if asked.keep else [])
        case _:
            return within_venv(f"tests.benchmarks.{asked.name}", [*further, *(["--json"] if asked.json else [])])


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (HaltError, EngineError) as told:
        print(f"\n{told}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        sys.exit(130)
