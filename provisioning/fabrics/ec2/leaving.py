"""Instances that leave by themselves: what the cloud puts into a queue about them, by EventBridge or by SNS.

Nothing in a message is believed: it is a reason to ask the cloud. So no signature is looked at, and who can write into the queue
can make us look, and no more. What we cannot read is left, and the queue's redrive policy takes it to its dead-letter queue.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from provisioning.driver import Departure
from provisioning.fabrics.ec2 import errors
from provisioning.fabrics.ec2.cloud import Cloud

AT_ONCE = 10
"""Most that a queue hands out at a time."""
_INSTANCE = re.compile(r"i-[0-9a-f]{8,17}")
_OUTERMOST = 2
"""How deep an envelope may lie in another: SNS puts its own around whatever it passes on."""


def departures(cloud: Cloud, queue: str) -> Sequence[Departure]:
    """Fetch the next few messages of a queue, and wait for none."""
    answer = cloud.ask("receive_message", "sqs", QueueUrl=queue, MaxNumberOfMessages=AT_ONCE, WaitTimeSeconds=0)
    return list(_read(answer.get("Messages", [])))


def heard(cloud: Cloud, queue: str, receipt: str) -> None:
    """Take a message out of the queue; one that was handed out anew meanwhile comes again, and harms nothing."""
    try:
        cloud.ask("delete_message", "sqs", QueueUrl=queue, ReceiptHandle=receipt)
    except ClientError as error:
        if "ReceiptHandle" not in errors.code_of(error):
            raise


def _read(messages: Sequence[Mapping[str, Any]]) -> Iterator[Departure]:
    for message in messages:
        if found := instance_in(str(message.get("Body", ""))):
            yield Departure(str(message["ReceiptHandle"]), *found)


def instance_in(body: str, depth: int = 0) -> tuple[str, str] | None:
    """Which instance a message is about, and what it says of it; None if it is none of the kinds that we know."""
    told = _object(body)
    if told.get("Type") == "Notification" and isinstance(told.get("Message"), str) and depth < _OUTERMOST:
        return instance_in(told["Message"], depth + 1)
    detail = told.get("detail")
    about = detail if isinstance(detail, dict) else told  # Auto Scaling's own notifications have no detail
    named = about.get("instance-id") or about.get("EC2InstanceId")
    if not isinstance(named, str) or not _INSTANCE.fullmatch(named):
        return None
    said = about.get("state") or about.get("instance-action") or told.get("Event") or told.get("detail-type") or ""
    return named, str(said)[:60]


def _object(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
