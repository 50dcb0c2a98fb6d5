"""How a service that goes to another place is getting on, for those whom it belongs to: before, on its way, and if it stayed."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from portal import words
from portal.sentences import WAITS
from provisioning.models import Deployment, Entry, Machine
from provisioning.phases import Happened, Phase, Stand, Wanted


def move_of(service: Deployment, machine: Machine | None) -> str:
    """Say it in a few sentences; "" where nothing moves, and nothing has stayed that was to move."""
    if machine is None:
        return ""
    match service.phase:
        case Phase.READY if service.move_asked_at or service.move_problem:
            return " ".join(_before(service, machine))
        case Phase.BUILDING if service.moving_since:
            return " ".join(_on_its_way(service, machine))
        case Phase.BUILDING if service.ready_at and (origin := _place_of(service, Stand.BEFORE)):
            told = {"origin": origin, "target": machine.fabric.name}
            return (
                _("It has gone from %(origin)s to %(target)s, and is opened as soon as its page answers there.") % told
            )
        case Phase.BUILDING if service.move_problem and machine.phase == Phase.READY:
            stays = _("It did not move: it is opened again at %(origin)s, where it was, and nothing was lost.")
            return f"{_why(service)} {stays % {'origin': machine.fabric.name}}"
    return ""


def _before(service: Deployment, machine: Machine) -> Iterator[str]:
    here = {"origin": machine.fabric.name, "target": _place_of(service, Stand.NEXT)}
    if machine.fabric.is_open and not service.move_asked_at:
        return  # nobody wants it to go any more
    if not machine.fabric.is_open:
        yield _("The people who run this portal are clearing %(origin)s.") % here
    if service.move_problem:
        yield _("It was to move, which could not be done.")
        yield _why(service)
        yield _("It runs on at %(origin)s, and nothing was lost.") % here
        yield _("It is tried again by itself.") if service.move_asked_at else _("You need do nothing; they know.")
    elif service.waits_for in WAITS:
        yield str(WAITS[service.waits_for])
        yield _("As soon as one has, it moves there by itself, with all that is in it.")
    else:
        yield (
            _("It moves to %(target)s, as soon as a machine is ready there; until then it runs on.") % here
            if here["target"]
            else _("It moves to another place, as soon as a machine is ready there; until then it runs on.")
        )
        yield _("Then visitors wait some minutes while everything in it goes over. You need do nothing.")


def _on_its_way(service: Deployment, machine: Machine) -> Iterator[str]:
    told = {"origin": machine.fabric.name, "target": _place_of(service, Stand.NEXT) or _("another place")}
    yield _("It is moving from %(origin)s to %(target)s.") % told
    if service.manifest.stateless:
        yield _("It keeps nothing, so it was put up there anew; then its address leads there.")
        yield _("Visitors wait meanwhile.")
    else:
        yield _("It is copied, the copy is put up there, and then its address leads there.")
        yield _("Visitors wait meanwhile, so that nobody writes what the copy would lack.")


def _why(service: Deployment) -> str:
    stayed = Entry.objects.filter(deployment=service, happened=Happened.MOVE, told__did="stayed")
    params = stayed.order_by("-at", "-pk").values_list("told__params", flat=True).first() or {}
    return words.problem(service.move_problem, "", params, was_open=True, title=service.title).happened


def _place_of(service: Deployment, stand: Stand) -> str:
    standing = service.machines.filter(stand=stand, wanted=Wanted.UP).order_by("-pk")
    return standing.values_list("fabric__name", flat=True).first() or ""
