"""How a machine tells its host key: once, soon, with its own word; for all else there is nothing here."""

import asyncio
import re
from datetime import datetime, timedelta

import httpx
import pytest
from django.test import Client

from portal.models import User
from portal.server.enrol_door import make_enrol_door
from portal.server.git_door import App, Message, Receive, Send, plain
from provisioning.enrolment import MOST_BYTES, enrol, word_for
from provisioning.models import Machine
from provisioning.phases import Phase
from provisioning.ssh import make_key_pair
from tests.makers import make_event
from tests.portal.scenes import building, change

KEY, OTHER = make_key_pair().public, make_key_pair().public


@pytest.fixture
def machine(owner: User, now: datetime) -> Machine:
    """One that its place was asked for a minute ago."""
    found = building(make_event(owner, at=now), at=now).machine()
    assert found
    change(found, phase=Phase.BUILDING, asked_at=now - timedelta(minutes=1))
    return found


def tell(client: Client, machine: Machine, line: str = KEY, *, word: str = "", key: str = "") -> httpx.Response:
    headers = {"Authorization": f"Bearer {word or word_for(machine.key).reveal}"}
    path = f"/machines/{key or machine.key}/host-key"
    answer: httpx.Response = client.post(path, line.encode(), content_type="text/plain", headers=headers)  # type: ignore[assignment]
    return answer


def test_a_machine_tells_its_host_key_once_and_is_looked_at_at_once(client: Client, machine: Machine) -> None:
    assert tell(client, machine, f"{KEY} root@ip-172-31-0-4\n").status_code == 204
    woken = Machine.objects.get()
    assert (woken.enrolled_key, woken.wakes) == (KEY, machine.wakes + 1)


def test_the_first_key_stays(client: Client, machine: Machine) -> None:
    assert tell(client, machine).status_code == 204
    assert tell(client, machine, OTHER).status_code == 404
    assert tell(client, machine).status_code == 404
    assert Machine.objects.get().enrolled_key == KEY


@pytest.mark.parametrize(
    "columns",
    [
        {"phase": Phase.READY},
        {"phase": Phase.FAILED},
        {"phase": Phase.RETIRING, "wanted": "gone"},
        {"asked_at": None},
        {"minutes": 16},
    ],
)
def test_a_word_is_good_only_while_the_machine_is_set_up_and_not_for_long(
    client: Client, machine: Machine, now: datetime, columns: dict[str, object]
) -> None:
    minutes = columns.pop("minutes", 0)
    change(machine, **({"asked_at": now - timedelta(minutes=minutes)} if minutes else columns))  # type: ignore[arg-type]
    assert tell(client, machine).status_code == 404
    assert not Machine.objects.get().enrolled_key


def test_whatever_is_wrong_gets_the_same_answer(client: Client, machine: Machine, now: datetime) -> None:
    other = building(make_event(at=now), at=now).machine()
    assert other
    bare: httpx.Response = client.post(f"/machines/{machine.key}/host-key", KEY, content_type="text/plain")  # type: ignore[assignment]
    wrong = [
        bare,
        tell(client, machine, word=word_for(other.key).reveal),
        tell(client, machine, word="x" * 64),
        tell(client, machine, key="0" * 32),
        tell(client, other),
        *(
            tell(client, machine, line)
            for line in ("", "ssh-rsa AAAA", KEY[:-4], f"{KEY} {'x' * MOST_BYTES}", "ssh-ed25519 é")
        ),
    ]
    assert {answer.status_code for answer in wrong} == {404}
    assert len({re.sub(rb"/machines/\w+", b"", answer.content) for answer in wrong}) == 1
    assert not Machine.objects.exclude(enrolled_key="").exists()


def test_a_word_opens_nothing_but_this(client: Client, machine: Machine) -> None:
    headers = {"Authorization": f"Bearer {word_for(machine.key).reveal}"}
    assert client.get(f"/machines/{machine.key}/host-key", headers=headers).status_code == 405
    assert client.get("/api/v1/services", headers=headers).status_code == 401


def test_words_are_each_machines_own_and_are_not_kept(machine: Machine) -> None:
    word = word_for(machine.key).reveal
    assert word != word_for("0" * 32).reveal
    assert word not in str(Machine.objects.filter(pk=machine.pk).values())


async def nothing_else(_scope: Message, _receive: Receive, send: Send) -> None:
    await plain(send, 418)


def knock(door: App, method: str, path: str, **more: object) -> int:
    async def ask() -> int:
        wire = httpx.ASGITransport(door)
        async with httpx.AsyncClient(transport=wire, base_url="http://10.0.0.1:8418") as client:
            return (await client.request(method, path, **more)).status_code  # type: ignore[arg-type]

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("method", "sent", "expected"),
    [("POST", KEY, 204), ("GET", "", 404), ("POST", "x" * 9000, 404)],
    ids=["its key", "nothing", "far too much"],
)
def test_machines_that_reach_the_git_door_alone_tell_it_there(method: str, sent: str, expected: int) -> None:
    heard: list[tuple[str, str, bytes]] = []

    async def take(key: str, word: str, line: bytes) -> bool:
        heard.append((key, word, line))
        return line == KEY.encode()

    door = make_enrol_door(take, nothing_else, MOST_BYTES)
    word = {"Authorization": f"Bearer {'w' * 64}"}
    assert knock(door, method, f"/machines/{'a' * 32}/host-key", headers=word, content=sent) == expected
    assert all((key, len(line) <= MOST_BYTES + 1) == ("a" * 32, True) for key, _, line in heard)
    assert knock(door, "POST", f"/machines/{'a' * 32}/host-key", content=KEY) == 404
    assert knock(door, "GET", "/git/x") == 418


def test_of_two_keys_at_the_same_moment_one_is_taken(machine: Machine, now: datetime) -> None:
    word = word_for(machine.key).reveal
    assert [enrol(machine.key, word, line.encode(), now) for line in (KEY, OTHER)] == [True, False]
