"""The one door: `onboard VERB` answers a question, `onboard converse` many, `onboard PROGRAM …` is one of our own programs."""

import sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from machine.onboard import wire

VERBS = {
    "facts": "facts",
    "put": "files",
    "read": "files",
    "brought": "restore",
    "job-start": "jobs",
    "job-peek": "looks",
    "job-end": "jobs",
    "copy-fetched": "archive",
    "content": "content",
    "check": "check",
    "schedule": "schedule",
    "schedule-check": "schedule",
    "unschedule": "schedule",
    "announce": "keeping",
    "supervise": "keeping",
    "processes": "keeping",
    "process-log": "keeping",
    "restart": "keeping",
    "stop-all": "keeping",
    "end-all": "end_all",
    "end-itself": "ending",
    "host-look": "host",
    "host-claim": "host",
    "host-confirm": "host",
    "host-withdraw": "host",
    "host-cut": "host",
    "host-wipe": "host",
    "host-release": "host",
}
"""One JSON line in (and the bytes of `put` behind it), one JSON line out (and the bytes of `read` behind it)."""

PROGRAMS = {
    "fetch-service": "fetch_service",
    "pull": "pull",
    "pull-scheduled": "pull",
    "program-run": "kept_program",
    "program-ended": "kept_program",
    "program-signal": "kept_program",
    "archive": "archive",
    "restore": "restore",
    "end-if-due": "ending",
    "host-work": "host_work",
}
"""Words as arguments, plain text out, an exit status that tells how it went."""


def main(name: str, words: list[str]) -> int:
    """Let the word's module do the work. A module is loaded only when it is asked for: looks are frequent."""
    if name in PROGRAMS:
        program = import_module(f"machine.onboard.{PROGRAMS[name]}")
        return int(getattr(program, name.replace("-", "_"))(*words))
    return wire.converse(verb) if name == "converse" else wire.serve(verb, name)


def verb(name: str) -> wire.Verb:
    """Find a verb's function."""
    if name not in VERBS:
        raise wire.Refused("no-such-verb", name)
    found: wire.Verb = getattr(import_module(f"machine.onboard.{VERBS[name]}"), name.replace("-", "_"))
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "", sys.argv[2:]))
