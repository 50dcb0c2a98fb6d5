"""What a cloud's queue says of instances, by a stand-in for SQS and SNS (moto's server, which runs here).

The stand-in does not tell of changes by itself, so each test puts there what the cloud would: EventBridge its event as it is,
SNS its own envelope around whatever was published.
"""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from provisioning.driver import Tells
from provisioning.fabrics.ec2 import Ec2Driver, open_driver
from provisioning.fabrics.ec2.leaving import instance_in

pytestmark = pytest.mark.thorough

INSTANCE = "i-0123456789abcdef0"
KEYS = {"aws_access_key_id": "somebody", "aws_secret_access_key": "hidden", "region_name": "eu-central-1"}
GONE = {
    "version": "0",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "resources": [f"arn:aws:ec2:eu-central-1:123456789012:instance/{INSTANCE}"],
    "detail": {"instance-id": INSTANCE, "state": "terminated"},
}
SCALED_IN = {"Event": "autoscaling:EC2_INSTANCE_TERMINATE", "EC2InstanceId": INSTANCE, "AutoScalingGroupName": "fair"}


class StandIn:
    """A queue with its dead-letter queue, a topic that leads into it, and the driver that reads it."""

    def __init__(self, endpoint: str, name: str) -> None:
        self.sqs, self.sns = (boto3.client(service, endpoint_url=endpoint, **KEYS) for service in ("sqs", "sns"))
        self.dead = self.sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
        redrive = json.dumps({"deadLetterTargetArn": self.arn(self.dead), "maxReceiveCount": 2})
        given = {"RedrivePolicy": redrive, "VisibilityTimeout": "0"}
        self.queue = self.sqs.create_queue(QueueName=name, Attributes=given)["QueueUrl"]
        self.topic = self.sns.create_topic(Name=name)["TopicArn"]
        self.sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=self.arn(self.queue))
        options = {
            "region": "eu-central-1", "image": "ami-1", "endpoint": endpoint, "queue": self.queue, "key_id": "somebody",
            "key": "hidden", "portal_addresses": ["192.0.2.7/32"],
            "types": [{"type": "t3.small", "memory_mib": 2048, "cpu": 2}],
        }  # fmt: skip
        self.driver: Ec2Driver = open_driver(options, "f" * 32)

    def arn(self, queue: str) -> str:
        """How other services call a queue."""
        return str(self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])

    def put(self, body: str) -> None:
        """Somebody writes into the queue."""
        self.sqs.send_message(QueueUrl=self.queue, MessageBody=body)

    def told(self) -> list[tuple[str, str]]:
        """What the driver reads."""
        return [(each.place_id, each.told) for each in self.driver.departures(within=5)]

    def waiting(self, queue: str) -> int:
        """How many messages are in a queue."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return sum(int(answer[name]) for name in names)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """Where the stand-in answers."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def cloud(endpoint: str, request: pytest.FixtureRequest) -> StandIn:
    """A queue of this test's own."""
    return StandIn(endpoint, f"test-{abs(hash(request.node.nodeid)):x}")


def test_what_eventbridge_tells_is_read(cloud: StandIn) -> None:
    cloud.put(json.dumps(GONE))
    assert cloud.told() == [(INSTANCE, "terminated")]


@pytest.mark.parametrize(("message", "said"), [(GONE, "terminated"), (SCALED_IN, SCALED_IN["Event"])])
def test_what_sns_wraps_once_more_is_read(cloud: StandIn, message: dict[str, Any], said: str) -> None:
    cloud.sns.publish(TopicArn=cloud.topic, Message=json.dumps(message))
    assert cloud.told() == [(INSTANCE, said)]


def test_what_is_heard_does_not_come_again_and_what_is_not_does(cloud: StandIn) -> None:
    cloud.put(json.dumps(GONE))
    (again,) = cloud.driver.departures(within=5)
    (told,) = cloud.driver.departures(within=5)
    cloud.driver.heard(told.receipt, within=5)
    cloud.driver.heard(told.receipt, within=5)
    cloud.driver.heard(again.receipt, within=5)
    assert cloud.waiting(cloud.queue) == cloud.waiting(cloud.dead) == 0


def test_messages_come_ten_at_a_time(cloud: StandIn) -> None:
    for number in range(12):
        cloud.put(json.dumps({"detail": {"instance-id": f"i-{number:08x}", "state": "stopped"}}))
    seen = set()
    while told := cloud.driver.departures(within=5):
        assert len(told) <= 10
        seen |= {each.place_id for each in told}
        for each in told:
            cloud.driver.heard(each.receipt, within=5)
    assert len(seen) == 12


def test_garbage_is_left_and_goes_to_the_dead_letter_queue(cloud: StandIn) -> None:
    cloud.put("[[[not json")
    cloud.put(json.dumps(GONE))
    assert cloud.told() == [(INSTANCE, "terminated")]
    while cloud.waiting(cloud.queue):
        for told in cloud.driver.departures(within=5):
            cloud.driver.heard(told.receipt, within=5)
    (dead,) = cloud.sqs.receive_message(QueueUrl=cloud.dead)["Messages"]
    assert dead["Body"] == "[[[not json"


def test_a_cloud_without_a_queue_tells_nothing(endpoint: str, cloud: StandIn) -> None:
    quiet = open_driver(
        {"region": "r", "image": "ami-1", "endpoint": endpoint, "portal_addresses": ["192.0.2.7/32"],
         "types": [{"type": "t3.small", "memory_mib": 2048, "cpu": 2}]}, "f" * 32
    )  # fmt: skip
    assert isinstance(quiet, Tells)
    assert quiet.departures(within=5) == ()


BAD = [
    "", "null", "[]", "17", '"i-0123456789abcdef0"', "[" * 100_000, "{}", '{"detail": []}',
    '{"detail": {"instance-id": 7}}', '{"detail": {"instance-id": "i-0123; rm -rf"}}', '{"Type": "Notification"}',
    '{"Type": "Notification", "Message": {"EC2InstanceId": "i-01234567"}}',
    '{"Type": "SubscriptionConfirmation", "Message": "please", "SubscribeURL": "http://192.0.2.1/"}',
]  # fmt: skip


@pytest.mark.parametrize("body", BAD)
def test_a_message_that_is_none_names_no_instance(body: str) -> None:
    assert instance_in(body) is None


def test_envelopes_without_end_are_not_opened() -> None:
    body = json.dumps(GONE)
    for _ in range(5):
        body = json.dumps({"Type": "Notification", "Message": body})
    assert instance_in(body) is None


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ({"instance-id": INSTANCE, "instance-action": "terminate"}, "terminate"),
        ({"EC2InstanceId": INSTANCE}, "EC2 Instance Terminate Successful"),
    ],
)
def test_spot_interruptions_and_scaling_in_are_understood(detail: dict[str, str], said: str) -> None:
    assert instance_in(json.dumps({"detail-type": "EC2 Instance Terminate Successful", "detail": detail})) == (
        INSTANCE,
        said,
    )
