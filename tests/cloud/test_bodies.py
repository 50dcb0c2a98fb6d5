"""A body does what a cloud's instance does: it boots what it was told, is known by its console, and follows the API."""

import socket
from collections.abc import Iterator

import pytest

from provisioning.driver import Endpoint
from provisioning.errors import NotYet
from provisioning.ssh import Login, SshRemote, make_key_pair
from tests.cloud.whole import WholeCloud, open_cloud
from tests.engine import EnginePlace, engine
from tests.waiting import until

__all__ = ["engine"]
pytestmark = pytest.mark.engine
TOLD = '#cloud-config\n{"disable_root": false, "ssh_genkeytypes": ["ed25519"], "runcmd": [["touch", "/root/told"]]}\n'
LOGIN = make_key_pair()


@pytest.fixture(scope="module")
def cloud(engine: EnginePlace) -> Iterator[WholeCloud]:
    """One for all tests of this file."""
    with open_cloud(engine) as opened:
        opened.api.back.import_key_pair(KeyName="ours", PublicKeyMaterial=LOGIN.public.encode())
        yield opened


def run(cloud: WholeCloud) -> tuple[str, str]:
    """Start an instance; return its id and address."""
    wanted = {"ImageId": cloud.api.image, "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.small", "KeyName": "ours"}
    made = cloud.api.back.run_instances(**wanted, SubnetId=cloud.subnet, UserData=TOLD)["Instances"][0]
    return made["InstanceId"], made["PrivateIpAddress"]


def written_key(cloud: WholeCloud, instance: str) -> str:
    """The host key that its console shows, once it does."""
    begin, end = "-----BEGIN SSH HOST KEY KEYS-----", "-----END SSH HOST KEY KEYS-----"
    until("the console shows the key", lambda: end in cloud.api.consoles.get(instance, ""), 60)
    lines = cloud.api.consoles[instance].partition(begin)[2].partition(end)[0].split("\n")
    return next(" ".join(line.split()[:2]) for line in lines if line.startswith("ssh-ed25519"))


def test_an_instance_boots_by_cloud_init_and_answers_with_the_key_on_its_console(cloud: WholeCloud) -> None:
    instance, address = run(cloud)
    host_key = written_key(cloud, instance)
    for user in ("root", "admin"):
        remote = SshRemote(Login(Endpoint(address, 22), host_key, LOGIN.private, user))
        assert remote.reach(within=20).system == "debian:12"
    assert cloud.bodies.body(instance).exec_run(["test", "-e", "/root/told"]).exit_code == 0
    cloud.api.back.terminate_instances(InstanceIds=[instance])
    until("its body is gone", lambda: not cloud.bodies.containers())
    assert host_key in cloud.api.consoles[instance]


def test_a_body_stops_and_starts_as_the_api_says_and_keeps_its_key(cloud: WholeCloud) -> None:
    instance, _ = run(cloud)
    before = written_key(cloud, instance)
    cloud.api.back.stop_instances(InstanceIds=[instance])
    until("it is off", lambda: cloud.bodies.body(instance).status == "exited")
    cloud.api.back.start_instances(InstanceIds=[instance])
    until("it is on", lambda: cloud.bodies.body(instance).status == "running")
    assert cloud.bodies.inside(instance, "cat", "/etc/ssh/ssh_host_ed25519_key.pub").startswith(before)
    cloud.api.back.terminate_instances(InstanceIds=[instance])


def test_a_body_that_answers_no_ssh_boots_all_the_same(cloud: WholeCloud) -> None:
    cloud.bodies.answers_ssh = False
    instance, address = run(cloud)
    host_key = written_key(cloud, instance)
    cloud.bodies.answers_ssh = True
    with pytest.raises(NotYet):
        SshRemote(Login(Endpoint(address, 22), host_key, LOGIN.private)).reach(within=5)
    with socket.socket() as line:
        assert line.connect_ex((address, 22))
    cloud.api.back.terminate_instances(InstanceIds=[instance])
