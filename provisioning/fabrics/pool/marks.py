"""What Cobbler's record of a host remembers for us: whose it is, and how far it is on its way back to being nobody's."""

from dataclasses import dataclass
from enum import StrEnum

from provisioning.driver import marked as _
from provisioning.fabrics.pool.cobbler import System
from provisioning.fabrics.pool.host import Down, Look

OURS = "fairground_"
"""How our entries in the record begin. Templates of installations see the word as `fairground_word`."""
SILENT = "silent"
"""It does not answer, or not in a way that says anything: asked again until its time is over."""


class Stage(StrEnum):
    """How far a host is."""

    NOBODYS = ""
    TAKEN = "taken"
    OFF = "off"  # it is being switched off, so that nothing of what was on it runs when it is installed
    INSTALL = "install"
    FAILED = "failed"


GOING = _("It is being installed anew.")
WHY = {
    "power": _("Cobbler could not switch it off in time, so it was not installed anew."),
    "installer": _("Its installation did not end in time. It is not installed again by itself."),
    "host-key-changed": _(
        "It was installed, and shows another host key than the one you wrote down. Compare it with what its own screen says, "
        "write it down, and let it out of quarantine."
    ),
    "word": _("It came back with another system than the one that was to be installed. Look at what it starts from."),
    "another": _("It says that another machine is on it than Cobbler says. Look at it before you let it out."),
    SILENT: _("It was installed, and does not let us in. Look at its screen."),
}


@dataclass(frozen=True)
class Mark:
    """What Cobbler's record of a host remembers for us."""

    stage: str = Stage.NOBODYS
    key: str = ""
    portal: str = ""
    since: float = 0.0  # when its removal began, in seconds of the epoch
    word: str = ""
    why: str = ""

    def is_of(self, key: str, portal: str) -> bool:
        """Is it this machine's?"""
        return bool(self.stage) and (self.key, self.portal) == (key, portal)

    def entries(self) -> dict[str, str]:
        """As it is written down."""
        told = {"stage": str(self.stage), "key": self.key, "portal": self.portal, "word": self.word, "why": self.why}
        return {f"{OURS}{name}": value for name, value in {**told, "since": str(int(self.since))}.items()}


@dataclass(frozen=True)
class Marked(Look):
    """A host as Cobbler knows better than the host itself."""

    sentence: str = ""


def mark_of(system: System) -> Mark:
    """The mark in a record. One that makes no sense is a mark too: that host is nobody's to take."""
    said = {name.removeprefix(OURS): str(value) for name, value in system.meta.items() if name.startswith(OURS)}
    stage, since = said.get("stage", ""), said.get("since", "")
    if not said or (stage == Stage.NOBODYS and not said.get("key")):
        return Mark()
    is_known = stage in list(Stage) and since.isdecimal() and len(since) < 12
    return Mark(
        stage if is_known else Stage.FAILED,
        said.get("key", ""),
        said.get("portal", ""),
        float(since) if is_known else 0.0,
        said.get("word", ""),
        said.get("why", ""),
    )


def believed(look: Look | Down, mark: Mark | Down) -> Look | Down:
    """What is true of a host, by its own word and by its mark."""
    if isinstance(mark, Down):
        return look if isinstance(look, Look) and look.key else mark
    if mark.stage == Stage.NOBODYS:
        return look
    if mark.stage == Stage.TAKEN and (isinstance(look, Down) or look.key):
        return look
    return marked(mark)


def marked(mark: Mark) -> Marked:
    """A host that is not to be had, and why."""
    if mark.stage == Stage.FAILED:
        return Marked("quarantine", mark.key, mark.portal, mark.since, sentence=WHY.get(mark.why, WHY[SILENT]))
    return Marked("wiping", mark.key, mark.portal, mark.since, sentence=GOING)
