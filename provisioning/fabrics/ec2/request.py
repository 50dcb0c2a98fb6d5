"""What we ask a cloud for: names, tags, what is chosen once, and the one request that makes a machine.

`chosen` is written on the machine's security group, which is made first. From then on it is read from there, so that the
request stays the same, whatever an admin changes and whatever a parameter points to meanwhile.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from provisioning.driver import Identity, MachineSpec
from provisioning.errors import Blame, GiveUp
from provisioning.fabrics.ec2.options import Options
from provisioning.fabrics.ec2.user_data import user_data

OWNER, KEY, CHOSEN, PORTS = "fairground.owner", "fairground.key", "fairground.chosen", "fairground.ports"
CUT = "-cut"
_ALLOWED = {
    "BlockDeviceMappings", "ClientToken", "ImageId", "InstanceInitiatedShutdownBehavior", "InstanceType", "KeyName",
    "MaxCount", "MetadataOptions", "MinCount", "Placement", "SecurityGroupIds", "SubnetId", "TagSpecifications", "UserData",
}  # fmt: skip


@dataclass(frozen=True)
class Chosen:
    """What is looked up or picked once for a machine. No value holds a space."""

    type: str
    zone: str  # a zone's name, a subnet's id, or nothing
    image: str
    device: str  # "/dev/xvda"
    gib: int
    enrol: str
    others: int  # how many other types and zones come after this one

    def as_tag(self) -> str:
        """One line, at most 256 characters."""
        return " ".join(f"{name}={value}" for name, value in asdict(self).items())

    @classmethod
    def from_tag(cls, tag: str) -> "Chosen":
        """Read it back."""
        told: dict[str, Any] = dict(part.split("=", 1) for part in tag.split(" "))
        return cls(**{**told, "gib": int(told["gib"]), "others": int(told["others"])})


def name(key: str) -> str:
    """The name of the security group and of the key pair."""
    return f"fairground-{key}"


def tags(owner: str, key: str, **further: str) -> list[dict[str, str]]:
    """What tells our things apart from everybody else's."""
    told = {"Name": name(key), OWNER: owner, KEY: key, **further}
    return [{"Key": tag, "Value": value} for tag, value in told.items()]


def read_tags(thing: Mapping[str, Any]) -> dict[str, str]:
    """The tags of something, as the cloud tells them."""
    return {tag["Key"]: tag["Value"] for tag in thing.get("Tags", [])}


def tagged(what: str, told: list[dict[str, str]]) -> dict[str, Any]:
    """Tags for something that is just made."""
    return {"ResourceType": what, "Tags": told}


def group(spec: MachineSpec, options: Options, owner: str, chosen: Chosen) -> dict[str, Any]:
    """The machine's security group, with what was chosen written on it."""
    told = tags(owner, spec.key, **{CHOSEN: chosen.as_tag()})
    return {
        "GroupName": name(spec.key),
        "Description": "A machine of Fairground",
        "TagSpecifications": [tagged("security-group", told)],
        **({"VpcId": options.vpc} if options.vpc else {}),
    }


def empty_group(key: str, owner: str, vpc: str) -> dict[str, Any]:
    """The group of a machine that is cut off."""
    return {
        "GroupName": name(key) + CUT,
        "Description": "A machine of Fairground that is cut off",
        "TagSpecifications": [tagged("security-group", tags(owner, key))],
        **({"VpcId": vpc} if vpc else {}),
    }


def key_pair(spec: MachineSpec, owner: str) -> dict[str, Any]:
    """The key pair: with it, the cloud's own first user lets us in as well."""
    return {
        "KeyName": name(spec.key),
        "PublicKeyMaterial": spec.authorized_key.encode(),
        "TagSpecifications": [tagged("key-pair", tags(owner, spec.key))],
    }


def instance(spec: MachineSpec, identity: Identity, owner: str, chosen: Chosen, group_id: str) -> dict[str, Any]:
    """The request to run one. The same in every try."""
    ports = " ".join(f"{port.name}={port.number}" for port in spec.ports)
    told = tags(owner, spec.key, **{PORTS: ports})
    disk = {"VolumeSize": chosen.gib, "VolumeType": "gp3", "Encrypted": True, "DeleteOnTermination": True}
    return {
        "ClientToken": spec.key,
        "MinCount": 1,
        "MaxCount": 1,
        "ImageId": chosen.image,
        "InstanceType": chosen.type,
        "KeyName": name(spec.key),
        "SecurityGroupIds": [group_id],
        "UserData": user_data(spec, identity, chosen.enrol),
        "BlockDeviceMappings": [{"DeviceName": chosen.device, "Ebs": disk}],
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1, "HttpEndpoint": "enabled"},
        "InstanceInitiatedShutdownBehavior": "stop",
        "TagSpecifications": [tagged("instance", told), tagged("volume", told)],
        **_where(chosen.zone),
    }


def assert_harmless(request: Mapping[str, Any]) -> None:
    """Read the request as a stranger would. Raises GiveUp naming what must not be in it."""
    disks = [mapping["Ebs"] for mapping in request["BlockDeviceMappings"]]
    told = {each["ResourceType"]: {tag["Key"] for tag in each["Tags"]} for each in request["TagSpecifications"]}
    metadata = request["MetadataOptions"]
    checks = {
        "settings": set(request) <= _ALLOWED,  # no role, no further network
        "number": (request["MinCount"], request["MaxCount"]) == (1, 1) and bool(request["ClientToken"]),
        "metadata": (metadata["HttpTokens"], metadata["HttpPutResponseHopLimit"]) == ("required", 1),
        "disks": all(disk["Encrypted"] and disk["DeleteOnTermination"] for disk in disks),
        "shutdown": request["InstanceInitiatedShutdownBehavior"] == "stop",
        "tags": all({OWNER, KEY} <= told.get(what, set()) for what in ("instance", "volume")),
        "network": len(request["SecurityGroupIds"]) == 1,
        "user data": "PRIVATE KEY" not in request["UserData"],
    }
    if wrong := [check for check, holds in checks.items() if not holds]:
        raise GiveUp("machine-request-unsafe", blame=Blame.PORTAL, wrong=wrong)


def ports_of(told: Mapping[str, str]) -> dict[str, int]:
    """The app's ports, from a machine's tags."""
    parts = (part.split("=", 1) for part in told.get(PORTS, "").split())
    return {port: int(number) for port, number in parts}


def _where(zone: str) -> dict[str, Any]:
    if zone.startswith("subnet-"):
        return {"SubnetId": zone}
    return {"Placement": {"AvailabilityZone": zone}} if zone else {}
