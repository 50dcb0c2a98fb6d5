"""What the stand-in itself must not get wrong."""

from contextlib import closing

import pytest

from tests.cloud.stand_in import StandIn

pytestmark = pytest.mark.thorough


def test_two_clouds_of_one_program_know_nothing_of_each_other() -> None:
    with closing(StandIn()) as one, closing(StandIn()) as other:
        one.back.create_key_pair(KeyName="ours")
        one.client("ec2").run_instances(ImageId=one.image, MinCount=1, MaxCount=1, InstanceType="t3.small")
        assert not other.back.describe_key_pairs()["KeyPairs"]
        assert not other.client("ec2").describe_instances()["Reservations"]
        assert len(one.client("ec2").describe_instances()["Reservations"]) == 1
