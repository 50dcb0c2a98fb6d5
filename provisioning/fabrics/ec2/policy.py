"""What an account must allow us, and no more: only what carries our tags is changed, only what gets them is made."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from provisioning.fabrics.ec2.request import KEY, OWNER

LOOKS = (
    "DescribeAvailabilityZones", "DescribeImages", "DescribeInstances", "DescribeInstanceTypeOfferings",
    "DescribeKeyPairs", "DescribeSecurityGroups", "DescribeSubnets",
)  # fmt: skip
CHANGES = (
    "AuthorizeSecurityGroupEgress", "AuthorizeSecurityGroupIngress", "DeleteKeyPair", "DeleteSecurityGroup",
    "GetConsoleOutput", "ModifyInstanceAttribute", "RevokeSecurityGroupEgress", "StartInstances", "TerminateInstances",
)  # fmt: skip
MAKES = {
    "CreateSecurityGroup": ("security-group",),
    "ImportKeyPair": ("key-pair",),
    "RunInstances": ("instance", "volume"),
}
"""What is made by what: all of it is tagged in the very request."""
USES = {
    "CreateSecurityGroup": ("vpc",),
    "RunInstances": ("network-interface", "security-group", "key-pair", "subnet", "image"),
}


def least_policy(options: Mapping[str, Any]) -> str:
    """A policy of IAM, as JSON. Types are limited to those of the table, where there is one."""
    types = sorted({str(row["type"]) for row in options.get("types") or () if row.get("type")})
    statements = [
        {"Effect": "Allow", "Action": _named(LOOKS), "Resource": "*"},
        {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": "arn:*:ssm:*:*:parameter/*"},
        _allow(CHANGES, "*", {"Null": {f"aws:ResourceTag/{OWNER}": "false", f"aws:ResourceTag/{KEY}": "false"}}),
        *(_allow([verb], what, _tagged(what, types)) for verb, made in MAKES.items() for what in made),
        *({**_allow([verb], what)} for verb, used in USES.items() for what in used),
        _allow(["CreateTags"], "*", {"StringEquals": {"ec2:CreateAction": sorted(MAKES)}}),
        *_listens(str(options.get("queue") or "")),
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


def _listens(queue: str) -> Sequence[dict[str, Any]]:
    """Of a place that is told when machines leave: its own queue, and nothing but that."""
    if not queue:
        return []
    named = f"arn:*:sqs:*:*:{queue.rstrip('/').rpartition('/')[2]}"
    return [{"Effect": "Allow", "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage"], "Resource": named}]


def _tagged(what: str, types: Sequence[str]) -> dict[str, Any]:
    told: dict[str, Any] = {"Null": {f"aws:RequestTag/{OWNER}": "false", f"aws:RequestTag/{KEY}": "false"}}
    if what == "instance":
        told["StringEquals"] = {"ec2:MetadataHttpTokens": "required"}
        if types:
            told["StringEquals"]["ec2:InstanceType"] = types
    if what == "volume":
        told["Bool"] = {"ec2:Encrypted": "true"}
    return told


def _allow(verbs: Sequence[str], what: str, condition: Mapping[str, Any] | None = None) -> dict[str, Any]:
    resource = "*" if what == "*" else f"arn:*:ec2:*:*:{what}/*"
    allowed = {"Effect": "Allow", "Action": _named(verbs), "Resource": resource}
    return {**allowed, "Condition": condition} if condition else allowed


def _named(verbs: Sequence[str]) -> list[str]:
    return [f"ec2:{verb}" for verb in verbs]
