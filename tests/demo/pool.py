"""`./fairground demo --fabric pool`: the story on hosts that are there anyway. Here they are containers made for the story."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from cli.demo import Ground, run
from tests.demo import only_place
from tests.pool.hosts import USER, Computer, Room, open_room

PASSED_BY = (
    "/var/lib/fairground-host /opt/fairground-host /var/log /var/lib/dpkg /var/lib/apt /var/cache /proc /sys /dev /run"
)
FILES = "find / \\( {but} \\) -prune -o -print | sort".format(
    but=" -o ".join(f"-path {path}" for path in PASSED_BY.split())
)
PACKAGES = "dpkg-query -W -f '${Package} ${Version}\\n'"


@contextmanager
def open_place(settings: Mapping[str, str]) -> Iterator[Ground]:
    """Two hosts: at one the portal logs in as root, at the other as somebody who may use sudo."""
    with open_room(1) as room:
        room.add(10, user=USER)
        before = {computer.address: known_to(computer) for computer in room.computers}
        rows = [computer.row(memory_mib=4096) for computer in room.computers]
        options = room.options(*rows, git_door_host=room.place.git_door_host)
        secret = {"login_key": options.pop("login_key")}
        only_place("The cupboard", "pool", options, secret)
        told = f"a pool of {len(rows)} hosts; they are containers made for this story, with a real sshd in each"
        empty = "both hosts are free, and hold no file and no package that was not there before"
        yield Ground(told, lambda: left(room, before), empty)


def known_to(computer: Computer) -> set[str]:
    """Its files and packages."""
    return {*computer.sh(FILES).splitlines(), *computer.sh(PACKAGES).splitlines()}


def left(room: Room, before: Mapping[str, set[str]]) -> Sequence[str]:
    """What came and stayed, on any of them, and what is missing."""
    held = [
        f"{one.address} is held" for one in room.computers if one.says("test -e /var/lib/fairground-host/reservation")
    ]
    changed = [(one.address, known_to(one) ^ before[one.address]) for one in room.computers]
    return [*held, *(f"{address}: {what}" for address, differs in changed for what in sorted(differs))]


if __name__ == "__main__":
    run(open_place)
