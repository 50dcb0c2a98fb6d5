"""What a person's own place has of the house's place of the same kind: whatever only the house can know."""

from collections.abc import Mapping
from typing import Any

from django.utils.crypto import salted_hmac

from portal.models import User
from provisioning import fabrics
from provisioning.driver import Form, Ownable
from provisioning.models import Fabric


def house_place(kind: str) -> Fabric | None:
    """The one whose options are taken over: the first of that kind."""
    return Fabric.standing().filter(owner=None, kind=kind).order_by("pk").first()


def ownable(kind: str) -> Ownable:
    """What a kind says about places of people's own. Raises TypeError for one that knows none."""
    found = fabrics.kind(kind)
    if not isinstance(found, Ownable):
        raise TypeError(f"Nobody can have a {kind} of their own.")
    return found


def shared(kind: str) -> Mapping[str, Any]:
    """What is the same at all of this kind, as the house says it now; nothing, if the house has none any more."""
    house, names = house_place(kind), ownable(kind).SHARED_OPTIONS
    return {name: value for name, value in house.options.items() if name in names} if house else {}


def usual(kind: str) -> Mapping[str, Any]:
    """What is so where nobody says anything."""
    flat = (option for option in fabrics.kind(kind).OPTIONS if option.form not in (Form.TABLE, Form.SECRET))
    return {option.name: option.default for option in flat if option.default}


def begins_with(kind: str) -> Mapping[str, Any]:
    """What stands in the form of a new one: what it cannot be without is as at the house's, until its owner says else."""
    house = house_place(kind)
    needed = {one.name for one in ownable(kind).OWN_OPTIONS if one.needed and one.form != Form.SECRET}
    return {name: value for name, value in house.options.items() if name in needed} if house else {}


def follow(kind: str) -> None:
    """Let all places of people's own have what is shared, after the house has changed it."""
    if not isinstance(fabrics.kind(kind), Ownable):
        return
    now = shared(kind)
    for place in Fabric.standing().filter(kind=kind, owner__isnull=False).order_by("pk"):
        Fabric.objects.filter(pk=place.pk).update(options={**place.options, **now})


def own_word(person: User) -> str:
    """Which nobody else here has; the same whenever it is asked for."""
    return salted_hmac("portal.people.own_places", str(person.pk), algorithm="sha256").hexdigest()[:32]
