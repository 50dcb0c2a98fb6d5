"""What is looked up or picked once for a machine: its type and zone by the number of the turn, its image, its disk."""

import math
from typing import Any

from provisioning.driver import MachineSpec
from provisioning.errors import Blame, GiveUp, TryAgain
from provisioning.fabrics.ec2.cloud import Cloud
from provisioning.fabrics.ec2.options import Options, candidates
from provisioning.fabrics.ec2.request import Chosen

PARAMETER = "ssm:"


def choose(cloud: Cloud, options: Options, spec: MachineSpec) -> Chosen:
    """Pick for a machine that nothing was made for yet. Raises GiveUp where no type is large enough."""
    offered = candidates(options, spec.size)
    if not offered:
        raise GiveUp("place-too-small", blame=Blame.PORTAL, memory_mib=spec.size.memory_mib, cpu=spec.size.cpu)
    turn = spec.turn % len(offered)
    kind, zone = offered[turn]
    image = image_of(cloud, options)
    return Chosen(
        type=kind.name,
        zone=zone,
        image=image["ImageId"],
        device=image["RootDeviceName"],
        gib=max(options.least_disk_gib, _gib(image)) + math.ceil(spec.size.disk_mib / 1024),
        enrol=options.enrol_url,
        others=len(offered) - 1 - turn,
    )


def image_of(cloud: Cloud, options: Options) -> dict[str, Any]:
    """The image that new machines start from now."""
    image = options.image
    if image.startswith(PARAMETER):
        parameter = cloud.ask("get_parameter", service="ssm", Name=image.removeprefix(PARAMETER))
        image = parameter["Parameter"]["Value"]
    found = cloud.ask("describe_images", ImageIds=[image])["Images"]
    if not found:
        raise TryAgain("machine-image-missing", blame=Blame.PORTAL, image=image)
    return dict(found[0])


def _gib(image: dict[str, Any]) -> int:
    disks = [mapping.get("Ebs", {}) for mapping in image.get("BlockDeviceMappings", [])]
    return max((int(disk.get("VolumeSize") or 0) for disk in disks), default=0)
