"""A machine's security groups: the one it lives in, made before anything else, and the empty one it is cut off with."""

from typing import Any

from botocore.exceptions import ClientError

from provisioning.driver import MachineSpec
from provisioning.fabrics.ec2 import errors, request
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
    if missing := request.rules(spec, options) - request.permitted(found):
        allow = {"GroupId": found["GroupId"], "IpPermissions": request.permissions(missing)}
        things.silently("authorize_security_group_ingress", **allow)
    return found["GroupId"], request.Chosen.from_tag(request.read_tags(found)[request.CHOSEN])


def empty_group(things: Things, key: str, vpc: str) -> str:
    """The id of a group that lets nothing in or out."""
    wanted = request.empty_group(key, things.owner, vpc)
    found = _named(things, key, wanted["GroupName"]) or _made(things, key, wanted)
    if out := found["IpPermissionsEgress"]:
        things.silently("revoke_security_group_egress", GroupId=found["GroupId"], IpPermissions=out)
    return str(found["GroupId"])


def _named(things: Things, key: str, name: str) -> Thing | None:
    return next((each for each in things.groups(request.KEY, key) if each["GroupName"] == name), None)


def _made(things: Things, key: str, wanted: dict[str, Any]) -> Thing:
    """Make a group; or find the one that somebody else has made just now."""
    told = wanted["TagSpecifications"][0]["Tags"]
    try:
        made = things.cloud.ask("create_security_group", **wanted)
    except ClientError as error:
        if not errors.is_duplicate(error) or not (there := _named(things, key, wanted["GroupName"])):
            raise
        return there
    return {"Tags": told, "GroupId": made["GroupId"], "IpPermissionsEgress": request.EVERYTHING}
