"""A machine's security groups: the one it lives in, made before anything else, and the empty one it is cut off with."""

from typing import Any

from botocore.exceptions import ClientError

from provisioning.driver import MachineSpec
from provisioning.fabrics.ec2 import errors, request, ways
from provisioning.fabrics.ec2.choice import choose
from provisioning.fabrics.ec2.options import Options
from provisioning.fabrics.ec2.things import Thing, Things


def group(things: Things, spec: MachineSpec, options: Options) -> tuple[str, request.Chosen]:
    """The id of the machine's group, with its rules, and what was chosen when it was made."""
    wanted = request.name(spec.key)
    found = _named(things, spec.key, wanted)
    if found is None:
        chosen = choose(things.cloud, options, spec)
        found = _made(things, spec.key, request.group(spec, options, things.owner, chosen))
    if missing := ways.ways_in(spec, options) - ways.read(found.get("IpPermissions", [])):
        allow = {"GroupId": found["GroupId"], "IpPermissions": ways.told(missing)}
        things.silently("authorize_security_group_ingress", **allow)
    _let_out(things, found, ways.ways_out(options))
    return found["GroupId"], request.Chosen.from_tag(request.read_tags(found)[request.CHOSEN])


def empty_group(things: Things, key: str, vpc: str) -> str:
    """The id of a group that lets nothing in or out."""
    wanted = request.empty_group(key, things.owner, vpc)
    found = _named(things, key, wanted["GroupName"]) or _made(things, key, wanted)
    _let_out(things, found, set())
    return str(found["GroupId"])


def _let_out(things: Things, found: Thing, wanted: set[ways.Way]) -> None:
    """Let that out, and nothing else. Where everything may, the group stays as the cloud has made it."""
    there = ways.read(found["IpPermissionsEgress"])
    if wanted >= ways.USUAL_OUT:
        return
    if missing := wanted - there:
        allow = {"GroupId": found["GroupId"], "IpPermissions": ways.told(missing)}
        things.silently("authorize_security_group_egress", **allow)
    for too_much in sorted(there - wanted):  # one by one: of several, none goes where one is not there
        deny = {"GroupId": found["GroupId"], "IpPermissions": ways.told([too_much])}
        things.silently("revoke_security_group_egress", **deny)


def _named(things: Things, key: str, name: str) -> Thing | None:
    return next((each for each in things.groups(request.KEY, key) if each["GroupName"] == name), None)


def _made(things: Things, key: str, wanted: dict[str, Any]) -> Thing:
    """Make a group, or find the one that somebody else has made just now. One that is not listed yet is as new ones are."""
    told = wanted["TagSpecifications"][0]["Tags"]
    try:
        made = things.cloud.ask("create_security_group", **wanted)
    except ClientError as error:
        if not errors.is_duplicate(error) or not (there := _named(things, key, wanted["GroupName"])):
            raise
        return there
    assumed = {"Tags": told, "GroupId": made["GroupId"], "IpPermissionsEgress": ways.told(ways.USUAL_OUT)}
    return _named(things, key, wanted["GroupName"]) or assumed
