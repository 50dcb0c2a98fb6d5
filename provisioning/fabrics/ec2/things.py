"""What is there for a key, or of an owner: instances, security groups and key pairs, found by their tags."""

from collections.abc import Iterable
from typing import Any

from botocore.exceptions import ClientError

from provisioning.errors import Blame, GiveUp
from provisioning.fabrics.ec2 import errors, request
from provisioning.fabrics.ec2.cloud import Cloud

Thing = dict[str, Any]
PAGE = 200


class Things:
    """The far side as one portal sees it, for the length of one call."""

    def __init__(self, cloud: Cloud, owner: str) -> None:
        self.cloud = cloud
        self.owner = owner

    def instances(self, tag: str, value: str) -> list[Thing]:
        """Instances with a tag, whoever owns them, those that were ended among them."""
        pages = self.cloud.all("describe_instances", "Reservations", Filters=_having(tag, value), MaxResults=PAGE)
        return [found for reservation in pages for found in reservation["Instances"]]

    def instance(self, key: str) -> Thing | None:
        """Our instance of this key: the one that lives, if one does."""
        found = [each for each in self.instances(request.KEY, key) if self.is_ours(each)]
        return min(found, key=lambda each: (not is_there(each), each["InstanceId"]), default=None)

    def groups(self, tag: str, value: str) -> list[Thing]:
        """Our security groups with a tag."""
        found = self.cloud.all(
            "describe_security_groups", "SecurityGroups", Filters=_having(tag, value), MaxResults=PAGE
        )
        return [each for each in found if self.is_ours(each)]

    def key_pairs(self, tag: str, value: str) -> list[Thing]:
        """Our key pairs with a tag."""
        found = self.cloud.ask("describe_key_pairs", Filters=_having(tag, value))["KeyPairs"]
        return [each for each in found if self.is_ours(each)]

    def is_ours(self, thing: Thing) -> bool:
        """Whether it carries our tag."""
        return request.read_tags(thing).get(request.OWNER) == self.owner

    def must_be_ours(self, things: Iterable[Thing], key: str) -> None:
        """Raises GiveUp when one is somebody else's."""
        if not all(self.is_ours(thing) for thing in things):
            raise GiveUp("machine-is-not-ours", blame=Blame.FABRIC, key=key)

    def silently(self, verb: str, **given: Any) -> None:
        """Do it; that it is done already, or cannot be done yet, is no error: the next look tells."""
        try:
            self.cloud.ask(verb, **given)
        except ClientError as error:
            code = errors.code_of(error)
            if not errors.is_gone(error) and not errors.is_duplicate(error) and code != "DependencyViolation":
                raise


def is_there(instance: Thing) -> bool:
    """An instance that was ended is told about for an hour more."""
    return state(instance) not in {"terminated", "shutting-down"}


def state(instance: Thing) -> str:
    """What the cloud calls its state."""
    return str(instance["State"]["Name"])


def keys(things: Iterable[Thing]) -> frozenset[str]:
    """The keys they are tagged with."""
    return frozenset(told[request.KEY] for thing in things if request.KEY in (told := request.read_tags(thing)))


def _having(tag: str, value: str) -> list[dict[str, Any]]:
    return [{"Name": f"tag:{tag}", "Values": [value]}]
