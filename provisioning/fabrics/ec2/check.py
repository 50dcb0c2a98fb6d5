"""Whether a cloud would work: our keys, the image, each zone, each type. Nothing is changed, nothing costs money."""

from collections.abc import Callable, Iterator

from botocore.exceptions import ClientError

from provisioning.driver import Finding
from provisioning.driver import marked as _
from provisioning.errors import Stop
from provisioning.fabrics.ec2 import errors, request
from provisioning.fabrics.ec2.choice import image_of
from provisioning.fabrics.ec2.cloud import Cloud
from provisioning.fabrics.ec2.options import Options


def check(cloud: Cloud, options: Options, owner: str) -> Iterator[Finding]:
    """One finding for each thing. When we are not let in at all, the rest is not asked."""
    ours = [{"Name": f"tag:{request.OWNER}", "Values": [owner]}]
    lets_in = _found(
        options.key_id or "",
        _("The cloud lets the portal in."),
        _("The cloud does not let the portal in: %(said)s. Please look at region, key and what the key allows."),
        lambda: cloud.ask("describe_instances", Filters=ours),
    )
    yield lets_in
    if not lets_in.fine:
        return
    missing = _("The cloud has no such image, or shows it to nobody here: %(said)s.")
    yield _found(options.image, _("The image is there."), missing, lambda: image_of(cloud, options))
    for zone in filter(None, options.zones):
        wrong = _("The cloud has no such zone or subnet: %(said)s.")
        yield _found(zone, _("The zone is there."), wrong, lambda zone=zone: _zone(cloud, zone))  # type: ignore[misc]
    offered = {each["InstanceType"] for each in _offerings(cloud, options)}
    for kind in options.types:
        told = (
            _("The cloud offers this size.") if kind.name in offered else _("The cloud does not offer this size here.")
        )
        yield Finding(kind.name, kind.name in offered, told)


def _found(about: str, fine: str, wrong: str, look: Callable[[], object]) -> Finding:
    try:
        there = look()
    except ClientError as error:
        return Finding(about, False, wrong, {"said": errors.code_of(error)})
    except Stop as stop:
        return Finding(about, False, wrong, {"said": stop.code})
    return Finding(about, True, fine) if there else Finding(about, False, wrong, {"said": "NotFound"})


def _zone(cloud: Cloud, zone: str) -> object:
    if zone.startswith("subnet-"):
        return cloud.ask("describe_subnets", SubnetIds=[zone])["Subnets"]
    return cloud.ask("describe_availability_zones", ZoneNames=[zone])["AvailabilityZones"]


def _offerings(cloud: Cloud, options: Options) -> list[dict[str, str]]:
    names = [{"Name": "instance-type", "Values": [kind.name for kind in options.types]}]
    return cloud.all("describe_instance_type_offerings", "InstanceTypeOfferings", Filters=names)
