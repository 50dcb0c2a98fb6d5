"""`./fairground demo --fabric ec2`: the story on a stand-in cloud, whose instances are containers that really boot."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from cli.container_engine import bridge_prefix
from cli.demo import Ground, run
from cli.home import mark
from tests.cloud.whole import open_cloud
from tests.demo import only_place
from tests.engine import EnginePlace

NAME = f"demo-{mark()}"
TOLD = "the cloud is a stand-in: moto answers for the API, and each instance is a container that boots by Debian's cloud-init"
EMPTY = "the stand-in cloud has no instance, security group, key pair or volume of ours, and no body"


@contextmanager
def open_place(settings: Mapping[str, str]) -> Iterator[Ground]:
    """A stand-in cloud of its own, beside the portal of the demo."""
    git_door = settings["GIT_DOOR_LISTEN"]
    here = EnginePlace(settings["DOCKER_HOST"], settings["MACHINE_IMAGE"], git_door.rpartition(":")[0], bridge_prefix())
    with open_cloud(here, NAME) as cloud:
        only_place("A stand-in cloud", "ec2", *cloud.split_options(git_door))
        yield Ground(TOLD, cloud.left, EMPTY)


if __name__ == "__main__":
    run(open_place)
