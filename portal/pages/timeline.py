"""What was done: Entries, each as one line."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal import house
from portal.pages.progress import facts_of, plan_of
from portal.sentences import PROBLEMS, STEPS
from portal.words import answer
from provisioning.models import Deployment, Entry
from provisioning.phases import Happened, Phase, Role, Settled, Wanted

Words = str | Promise

WISHES: Mapping[str, Words] = {
    Wanted.UP: _("%(who)s asked for it to be set up."),
    Wanted.GONE: _("%(who)s asked for it to be taken down."),
    "retry": _("%(who)s asked to try again."),
    "restart": _("%(who)s asked for a restart."),
    "suspend": _("%(who)s took it off its address."),
    "lift": _("%(who)s asked for it to be opened again."),
    "pull": _("%(who)s asked for new content."),
    "copy": _("%(who)s asked for a copy."),
    "place": _("%(who)s chose another place for it."),
    "version": _("%(who)s chose another version of the app."),
    "places": _("%(who)s changed where its services may run."),
    "move": _("%(who)s asked for it to move to another place."),
    "show": _("%(who)s showed the event's page to everybody."),
    "hide": _("%(who)s took the event's page away."),
    "plan": _("%(who)s changed when it opens, or who may put up services."),
}
PHASES: Mapping[str, Words] = {
    Phase.BUILDING: _("There was room; setting up began."),
    "moves": _("It is on its way from %(origin)s to %(target)s. Visitors wait until it is there."),
    Phase.READY: _("It answered at its address. Open."),
    Phase.FAILED: _("It did not start."),
    Phase.RETIRING: _("Packing away began. Visitors cannot get in any more."),
    Phase.GONE: _("Everything of it is gone; that was checked."),
}
COPIES: Mapping[str, Words] = {
    Settled.ARCHIVED: _("A copy was made, read back and found whole."),
    Settled.WAIVED: _("%(who)s decided that no copy is needed."),
    Settled.NEVER_LOADED: _("There was nothing to keep a copy of."),
    Settled.LOST: _("The machine was lost, and what was on it with it."),
    Settled.NOT_YET: _("The copy could not be made, so everything is kept until it can be."),
}
KEPT: Mapping[str, Words] = {
    "kept": _("A copy was made while it ran, read back and found whole."),
    "not_kept": _("A copy could not be made while it runs. The service itself is as it was."),
    "gave_way": _("The oldest copy that was asked for was deleted, because there is a newer one."),
    "copies": _("We wrote that its copy will be deleted soon."),
    "deleted": _("The time of its copy was over, and it was deleted."),
}
"""What became of a copy later, by which word of the Entry."""
RESTARTS: Mapping[bool, Words] = {
    False: _("It did not answer, so it was restarted."),
    True: _("The restart stopped with an error."),
}
"""What was done about it by itself, by whether that failed."""
TURNS: Mapping[str, tuple[str, Words, Words]] = {
    Happened.HEALTH: ("answers", _("It stopped answering."), _("It answers again.")),
    Happened.CONTENT: ("problem", _("New content came in."), _("New content could not be fetched.")),
    Happened.SUSPENSION: (
        "shut",
        _("It answers again, and visitors may come in."),
        _("Visitors are kept out, and its machine is off the network."),
    ),
}
"""What turns one way or the other: by which word of the Entry, and what is said without and with it."""
PEOPLE: Mapping[str, Words] = {
    "joined": _("%(whom)s joined."),
    "left": _("%(whom)s left."),
    "removed": _("%(who)s took %(whom)s out of the event."),
    Role.ORGANISER: _("%(who)s made %(whom)s an organiser."),
    Role.PARTICIPANT: _("%(who)s made %(whom)s a participant."),
    "code": _("%(who)s made a new joining code."),
    "no-code": _("%(who)s switched the joining code off."),
}
"""Who came, went, and became what, by the word of the Entry."""
MOVES: Mapping[str, Words] = {
    "moved": _("It moved from %(origin)s to %(target)s, with all that was in it."),
    "moved-anew": _("It moved from %(origin)s to %(target)s, and was put up there anew, because it keeps nothing."),
    "stayed": _("It did not move, and stayed at %(origin)s. Nothing was taken from it."),
}
"""What became of its way to another place, by the word of the Entry."""
DEEDS: Mapping[str, Words] = {**PEOPLE, **MOVES}
OTHERS: Mapping[str, Words] = {
    Happened.WARNING: _("We wrote that it ends soon."),
    Happened.EXTENSION: _("%(who)s moved the end."),
    "late": _("Our reminder could not leave in time, so the end moved by as much."),
    Happened.MAIL: _("A mail about it was given up: for three days no server took it."),
    Happened.HOOK: _(
        "Another program of the house could not be told about its machine: for three days it took nothing."
    ),
    Happened.LETTER: _("%(who)s told the app's maintainer that it did not start."),
    Happened.LOOK: _("%(who)s looked at what the installer handed over."),
}


@dataclass(frozen=True)
class Moment:
    """One line of a timeline."""

    at: datetime
    words: str
    service: Deployment | None = None
    """Which service it was about, if several are told of."""


def timeline(
    entries: Iterable[Entry], called: Mapping[int, str] | None = None, *, of: Deployment | None = None
) -> Sequence[Moment]:
    """Tell these Entries (with `by` and `deployment` read along), those that say something to a person.

    For the history of an event with its services (`deployment` read along), `called` has what people are called there.
    For that of one service, `of`: steps that its launch does not have are not told, and the others with their figures.
    """
    moments = []
    steps = plan_of(of) if of else ()
    facts = facts_of(of) if of else {}
    problem: tuple[Any, ...] = ()
    for entry in entries:
        words, before = words_of(entry), problem
        problem = (entry.deployment_id, entry.told.get("code")) if entry.happened == Happened.PROBLEM else ()
        if of and entry.happened == Happened.STEP and entry.told.get("step") not in steps:
            continue
        if words is not None and not (problem and problem == before):  # a machine's, and so its service's
            service = None if called is None else entry.deployment
            moments.append(Moment(entry.at, _said(words, entry, called or {}, facts), service))
    return moments


def words_of(entry: Entry) -> Words | None:
    """The sentence of an Entry; None if it says nothing that another does not say."""
    told = entry.told
    match entry.happened:
        case Happened.WISH:
            return WISHES.get(told.get("wanted", ""))
        case Happened.PHASE:
            phase = "moves" if "moves" in told else told.get("phase", "")
            return PHASES.get(phase) if entry.machine_id is None else None
        case Happened.STEP:
            return STEPS[told["step"]][1] if told.get("step") in STEPS else None
        case Happened.PROBLEM:
            return PROBLEMS.get(told.get("code", ""))
        case Happened.HEALTH if "restart" in told:
            return RESTARTS[bool(told["restart"])]
        case Happened.HEALTH if "disk_free_mib" in told:
            return _("Its disk is nearly full.")
        case Happened.HEALTH | Happened.CONTENT | Happened.SUSPENSION:
            word, without, with_it = TURNS[entry.happened]
            return with_it if told.get(word) else without
        case Happened.COPY:
            later = [said for word, said in KEPT.items() if word in told]
            return later[0] if later else COPIES.get(told.get("settled", ""))
        case Happened.PEOPLE | Happened.MOVE:
            return DEEDS.get(told.get("did", ""))
        case _:
            return OTHERS.get("late" if told.get("late") else entry.happened)


def _said(words: Words, entry: Entry, called: Mapping[int, str], facts: Mapping[str, Any]) -> str:
    who = (called.get(entry.by.pk) or entry.by.called) if entry.by else house.name()
    whom = called.get(entry.told.get("person", 0)) or _("Somebody")
    about: Mapping[str, Any] = {
        "title": entry.deployment.title if entry.deployment else _("it"),
        "host": _("its address"),
        "version": _("as chosen"),
        **facts,
    }
    about = {**about, "who": who, "whom": whom, **entry.told.get("moves", {})}
    return str(words) % defaultdict(lambda: "…", {**entry.told, "why": answer(str(entry.told.get("why", ""))), **about})
