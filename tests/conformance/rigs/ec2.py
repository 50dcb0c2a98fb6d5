"""The rig of clouds: the stand-in cloud. No machine stands behind it, so that being reached is what its groups allow."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

from provisioning.driver import Identity, MachineSpec, Secret
from provisioning.fabrics.ec2 import open_driver
from provisioning.fabrics.ec2.request import KEY, name, tags
from provisioning.fabrics.ec2.ways import SSH
from tests.cloud.stand_in import StandIn
from tests.engine import make_spec

MARKS: list[object] = []


class Ec2Rig:
    """See `tests.conformance.rig.Rig`."""

    effects_of_ensure = 6  # group, rules in, rules out, the usual one of those away, key pair, instance
    effects_of_remove = 2  # instance, key pair; the group goes with the next look
    holds = 8
    patience = 10.0

    def __init__(self, cloud: StandIn) -> None:
        self.owner = secrets.token_hex(16)
        self.cloud = cloud
        self.driver = open_driver(cloud.options(), self.owner)

    def spec(self) -> tuple[MachineSpec, Identity]:
        spec, identity = make_spec(self.owner)
        return spec, replace(identity, enrolment=Secret(secrets.token_hex(16)))

    def machines(self, key: str) -> int:
        return len(self._living(key))

    def reaches(self, spec: MachineSpec) -> bool:
        (machine,) = self._living(spec.key)
        groups = self.cloud.back.describe_security_groups(
            GroupIds=[group["GroupId"] for group in machine["SecurityGroups"]]
        )["SecurityGroups"]
        ways = [way for group in groups for way in group["IpPermissions"] + group["IpPermissionsEgress"]]
        return machine["State"]["Name"] == "running" and any(way.get("FromPort") == SSH for way in ways)

    def stop(self, key: str) -> None:
        self.cloud.back.stop_instances(InstanceIds=[self._living(key)[0]["InstanceId"]])

    def destroy(self, key: str) -> None:
        back, ours = self.cloud.back, [{"Name": f"tag:{KEY}", "Values": [key]}]
        back.terminate_instances(InstanceIds=[self._living(key)[0]["InstanceId"]])
        for group in back.describe_security_groups(Filters=ours)["SecurityGroups"]:
            back.delete_security_group(GroupId=group["GroupId"])
        back.delete_key_pair(KeyName=name(key))

    def plant_foreign(self, key: str) -> None:
        told = [{"ResourceType": "instance", "Tags": tags("f" * 32, key)}]
        self.cloud.back.run_instances(ImageId=self.cloud.image, MinCount=1, MaxCount=1, TagSpecifications=told)

    def lose_reply(self, nth: int) -> None:
        self.cloud.moods.lost_replies = nth

    def lose_request(self, nth: int) -> None:
        self.cloud.moods.lost_requests = nth

    def paused(self) -> AbstractContextManager[None]:
        return self.cloud.paused()

    def away(self) -> AbstractContextManager[None]:
        return self.cloud.away()

    def further_faults(self) -> Mapping[str, Callable[[], None]]:
        def mood(**changed: int) -> Callable[[], None]:
            return lambda: vars(self.cloud.moods).update(changed)

        return {
            "throttled": mood(throttled=3),
            "no capacity": mood(refused=2),
            "not known yet": mood(hidden_looks=5),
            "old list": mood(stale=4),
            "half a list": mood(partial=2),
        }

    def calm(self) -> None:
        self.cloud.moods.calm()

    def survives_memory(self, key: str, mib: int) -> bool:
        return True

    def _living(self, key: str) -> list[dict[str, Any]]:
        states = ["pending", "running", "stopping", "stopped"]
        filters = [{"Name": f"tag:{KEY}", "Values": [key]}, {"Name": "instance-state-name", "Values": states}]
        found = self.cloud.back.describe_instances(Filters=filters)["Reservations"]
        return [instance for reservation in found for instance in reservation["Instances"]]


@contextmanager
def open_rig() -> Iterator[Ec2Rig]:
    """A rig on a stand-in of its own."""
    cloud = StandIn()
    try:
        yield Ec2Rig(cloud)
    finally:
        cloud.close()
