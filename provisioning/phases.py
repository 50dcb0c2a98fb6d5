"""The words for where a row is, what was asked of it, and how urgent it is to look at it."""

from enum import IntEnum, StrEnum


class Wanted(StrEnum):
    """What was asked for. GONE, once asked, is never taken back."""

    UP = "up"
    GONE = "gone"


class Phase(StrEnum):
    """Where a reconciled row is now."""

    WAITING = "waiting"  # for room
    BUILDING = "building"  # admitted; its steps are being walked
    READY = "ready"  # it answered at its public address (deployment), or is set up (machine)
    FAILED = "failed"  # gave up; kept for a look, until `retry()` or until its patience ends
    RETIRING = "retiring"  # on the way out, and nothing turns it back
    GONE = "gone"  # nothing is left


class Lane(IntEnum):
    """Which due rows are looked at first. Smaller is sooner."""

    PERSON = 0  # somebody is waiting for this
    ENDING = 1  # it costs as long as it runs
    KEEPING = 2  # regular looks


class Kind(StrEnum):
    """The two kinds of reconciled row."""

    DEPLOYMENT = "deployment"
    MACHINE = "machine"


class Role(StrEnum):
    """What somebody is in an event."""

    ORGANISER = "organiser"  # may do everything in it
    PARTICIPANT = "participant"  # sees it and its services, and opens them


class Stand(StrEnum):
    """How a machine stands to the others of its service while that moves to another place."""

    MAIN = ""  # the one that visitors are led to; always, where nothing moves
    NEXT = "next"  # made ready elsewhere, to take its place
    BEFORE = "before"  # it was it; what was on it is kept, and is on the one that came after


class Settled(StrEnum):
    """Why a machine's data may go. Empty means: it may not."""

    NOT_YET = ""
    ARCHIVED = "archived"  # a copy was made, read back and verified
    WAIVED = "waived"  # somebody decided, by name, to go without a copy
    NEVER_LOADED = "never-loaded"  # nothing was ever put on it, or the app keeps nothing
    LOST = "lost"  # the fabric says the machine is not there any more


class CopyKind(StrEnum):
    """Why a copy was made."""

    END = "end"  # its service ended, and nothing of it goes before this is whole
    NIGHTLY = "nightly"  # by itself, while it runs
    ASKED = "asked"  # somebody asked for it, while it runs


class Happened(StrEnum):
    """What an Entry tells."""

    WISH = "wish"  # somebody asked for something
    PHASE = "phase"  # a row moved
    STEP = "step"  # a step of the plan became true
    PROBLEM = "problem"  # a pass stopped with a blame
    WARNING = "warning"  # the end is near
    HEALTH = "health"  # stopped answering, or answers again
    CONTENT = "content"  # new content arrived, or could not be fetched
    EXTENSION = "extension"  # the end moved
    COPY = "copy"  # an archive was made and verified, or could not be made; it will be deleted, or was
    SUSPENSION = "suspension"  # visitors and network are kept out, or may come in again
    MOVE = "move"  # it went over to another place, or stayed where it was
    LOOK = "look"  # a secret was shown to its owner
    LETTER = "letter"  # somebody told the app's maintainer that it did not start
    PEOPLE = "people"  # somebody came, went, or got another role; the joining code changed
    MAIL = "mail"  # a mail about it was given up: no server took it
    HOOK = "hook"  # the house's webhook was not told, and that was given up
    STRAY = "stray"  # the roll call met a machine without a row


class Reason(StrEnum):
    """What a visitor finds wrong at an address."""

    TRICK = "trick"  # it asks for passwords or money under a false name
    HURTS = "hurts"  # it hurts or threatens somebody
    RIGHTS = "rights"  # it shows what is private, or somebody else's
    OTHER = "other"


class Decision(StrEnum):
    """What came of a report."""

    OPEN = "open"  # nobody has decided yet
    ANSWERED = "answered"  # the service stays as it is
    SUSPENDED = "suspended"  # it was taken off
