"""A whole stand-in cloud: an API that answers, a network in it, and a body for every instance."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.cloud.bodies import Bodies
from tests.cloud.stand_in import StandIn
from tests.engine import EnginePlace

ENDED = "terminated"
"""A cloud tells of such an instance for an hour; it is not there."""


@dataclass(frozen=True)
class WholeCloud:
    """What a portal launches at, with a way behind its back."""

    api: StandIn
    bodies: Bodies
    subnet: str

    def options(self, git_door: str = "", **changed: Any) -> dict[str, Any]:
        """As an admin would give them. `git_door`: where machines reach the portal, "host:port"."""
        near = {"zones": [self.subnet], "portal_addresses": [f"{self.bodies.gateway}/32"]}
        reached = {"enrol_url": f"http://{git_door}", "git_door_host": git_door.rpartition(":")[0]} if git_door else {}
        return self.api.options(**{**near, **reached, **changed})

    def split_options(self, git_door: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """The same, and apart from them those that nobody may read again."""
        options = self.options(git_door)
        return options, {name: options.pop(name) for name in ("key_id", "key")}

    def instances(self) -> Sequence[dict[str, Any]]:
        """All that were ever made, in whatever state they are."""
        told = self.api.back.describe_instances()["Reservations"]
        return [instance for reservation in told for instance in reservation["Instances"]]

    def consoles(self) -> Sequence[str]:
        """What all that were ever made have written to their consoles so far."""
        return [self.api.consoles.get(one["InstanceId"], "") for one in self.instances()]

    def left(self) -> Sequence[str]:
        """What there still is of what was ever made here, bodies too."""
        back = self.api.back
        instances = [one["InstanceId"] for one in self.instances() if one["State"]["Name"] != ENDED]
        groups = [one["GroupId"] for one in back.describe_security_groups()["SecurityGroups"] if one.get("Tags")]
        pairs = [one["KeyName"] for one in back.describe_key_pairs()["KeyPairs"]]
        disks = [one["VolumeId"] for one in back.describe_volumes()["Volumes"]]
        return [*instances, *groups, *pairs, *disks, *(str(body.name) for body in self.bodies.containers())]


@contextmanager
def open_cloud(place: EnginePlace, name: str = "") -> Iterator[WholeCloud]:
    """Open one on this engine; afterwards nothing of it is left. `name` as for `Bodies`."""
    api = StandIn()
    try:
        with Bodies(api.back, place, api.consoles, name) as bodies:
            network = {"CidrBlock": str(bodies.subnet)}
            vpc = api.back.create_vpc(**network)["Vpc"]["VpcId"]
            yield WholeCloud(api, bodies, api.back.create_subnet(VpcId=vpc, **network)["Subnet"]["SubnetId"])
    finally:
        api.close()
