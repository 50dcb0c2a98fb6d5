"""Live pages: one look a second for everybody, told to each page that it concerns."""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any, TypeVar

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.db import connections
from django.test import AsyncClient, Client
from pytest_django import DjangoAssertNumQueries, Settings

from portal import stream
from portal.models import User
from portal.stream import Chunk, Look, Watch, look_at, watch_key
from provisioning.models import Deployment, LogChunk
from provisioning.phases import Phase
from tests.makers import NOON, make_event, make_person
from tests.portal import scenes

pytestmark = pytest.mark.thorough

T = TypeVar("T")
DATABASE = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A poller of this test's own, that looks often."""
    monkeypatch.setattr(stream, "TICK", 0.02)
    monkeypatch.setattr(stream, "poller", stream.Poller())
    monkeypatch.setattr("portal.views.stream.poller", stream.poller)
    yield
    connections.close_all()


def being_built() -> Deployment:
    """A service whose owner is read already: inside a loop nothing may be."""
    deployment = scenes.building()
    assert deployment.owner.email
    return deployment


def say(deployment: Deployment, text: bytes, offset: int) -> LogChunk:
    machine = deployment.machine()
    assert machine is not None
    return LogChunk.objects.create(machine=machine, job="install-1-aaaa", offset=offset, size=len(text), data=text)


async def open_stream(user: User, deployment: Deployment, language: str = "en", **query: Any) -> Any:
    client = AsyncClient()
    await sync_to_async(client.force_login)(user)
    return await client.get(f"/services/{deployment.key}/stream", query, headers={"Accept-Language": language})


def run(watching: Coroutine[Any, Any, T]) -> T:
    """Run it, and close what the loop's own thread has opened at the database."""

    async def whole() -> T:
        try:
            return await watching
        finally:
            if stream.poller._task is not None:
                await stream.poller._task
            await sync_to_async(connections.close_all)()

    return asyncio.run(whole())


async def leave(answer: Any) -> None:
    """Close the stream as a browser does that goes away."""
    await answer._iterator.aclose()


async def until_event(content: AsyncIterator[bytes], name: str) -> dict[str, str]:
    """Read on until an event of this name; return its fields."""
    async with asyncio.timeout(20):
        async for piece in content:
            fields = dict(line.split(": ", 1) for line in piece.decode().splitlines() if ": " in line)
            if fields.get("event") == name:
                return fields
    raise AssertionError(f"the stream ended without {name!r}")


@DATABASE
def test_a_page_is_told_when_its_service_changes() -> None:
    deployment = being_built()

    async def watch() -> None:
        answer = await open_stream(deployment.owner, deployment)
        content = answer.streaming_content
        first = await until_event(content, "changed")
        await sync_to_async(scenes.change)(deployment, phase=Phase.FAILED, failed_attempt=1)
        assert (await until_event(content, "changed"))["data"] != first["data"]
        await leave(answer)

    run(watch())


@DATABASE
def test_a_page_gets_new_lines_of_the_installer_and_goes_on_after_a_break() -> None:
    deployment = being_built()
    known = say(deployment, b"old line\n", 200)

    async def watch() -> None:
        answer = await open_stream(deployment.owner, deployment, after=known.pk)
        await sync_to_async(say)(deployment, b"new \x1b[1mline\x1b[0m\nhalf", 210)
        told = await until_event(answer.streaming_content, "log")
        assert json.loads(told["data"])["text"] == "new line\n"
        assert int(told["id"]) > known.pk
        await leave(answer)

    run(watch())


@DATABASE
def test_two_pages_of_one_service_are_each_told_in_their_own_language() -> None:
    deployment = being_built()

    async def watch() -> list[str]:
        answers = [await open_stream(deployment.owner, deployment, language) for language in ("de", "en")]
        await sync_to_async(say)(deployment, b"new line\n", 210)
        told = [(await until_event(answer.streaming_content, "log"))["data"] for answer in answers]
        for answer in answers:
            await leave(answer)
        return [json.loads(data)["title"] for data in told]

    assert run(watch()) == ["Sie wird installiert", "Installing it"]


@DATABASE
def test_a_stream_ends_by_itself(settings: Settings) -> None:
    settings.STREAM_LASTS = settings.STREAM_LASTS / 10_000
    deployment = being_built()

    async def watch() -> list[bytes]:
        answer = await open_stream(deployment.owner, deployment)
        async with asyncio.timeout(20):
            return [piece async for piece in answer.streaming_content]

    assert run(watch())[0].startswith(b"retry:")


@DATABASE
def test_a_participant_is_told_of_changes_and_not_what_the_installer_says(settings: Settings) -> None:
    settings.STREAM_LASTS = settings.STREAM_LASTS / 1_000
    deployment = being_built()
    guest = make_person("guest")
    deployment.event.take_in(guest, at=NOON)
    say(deployment, b"the password is hunter2\n", 300)

    async def watch() -> bytes:
        answer = await open_stream(guest, deployment)
        async with asyncio.timeout(20):
            return b"".join([piece async for piece in answer.streaming_content])

    told = run(watch())
    assert b"event: changed" in told
    assert b"event: log" not in told


@DATABASE
def test_nobody_watches_somebody_elses_service() -> None:
    deployment, stranger = being_built(), make_person("stranger")

    async def statuses() -> list[int]:
        foreign = await open_stream(stranger, deployment)
        nobody = await AsyncClient().get(f"/services/{deployment.key}/stream")
        return [foreign.status_code, nobody.status_code]

    assert run(statuses()) == [404, 404]


@DATABASE
def test_one_person_opens_only_so_many_streams(settings: Settings) -> None:
    settings.STREAMS_PER_PERSON = 1
    deployment = being_built()

    async def watch() -> tuple[int, str]:
        first = await open_stream(deployment.owner, deployment)
        await anext(first.streaming_content)
        second = await open_stream(deployment.owner, deployment)
        await leave(first)
        return second.status_code, second.headers["Retry-After"]

    assert run(watch()) == (429, "30")


@DATABASE
def test_the_poller_rests_when_nobody_watches() -> None:
    deployment = being_built()

    async def watch() -> bool:
        answer = await open_stream(deployment.owner, deployment)
        await until_event(answer.streaming_content, "changed")
        await leave(answer)
        async with asyncio.timeout(20):
            await stream.poller._task  # type: ignore[misc]
        return stream.poller._task.done()  # type: ignore[union-attr]

    assert run(watch())


def test_a_look_costs_two_queries_however_many_watch(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    event = make_event()
    watches = [Watch(scenes.building(event).pk, user, 0) for user in range(5)]
    with django_assert_num_queries(2):
        look = look_at(watches)
    assert len(look.marks) == 5
    assert len(look.chunks) == 5


def test_an_open_page_changes_when_its_service_is_taken_off_and_opened_again(db: None, owner: User) -> None:
    service = scenes.ready()
    watch = Watch(service.pk, owner.pk, 0)
    marks = [look_at([watch]).marks[service.pk]]
    assert service.suspend(by=owner, why="", at=service.created_at)
    marks.append(look_at([watch]).marks[service.pk])
    assert service.lift(by=owner, at=service.created_at)
    marks.append(look_at([watch]).marks[service.pk])
    assert len(set(marks)) == 3


def test_a_page_that_waits_is_told_when_it_waits_for_something_else(db: None, owner: User) -> None:
    service = scenes.waiting(make_event(owner))
    page = Watch(service.pk, owner.pk, 0, stream.mark_of(service))
    scenes.change(service, waits_for="no-room-there")
    assert not page.is_told(look_at([page]))


def test_whoever_watches_is_known_to_watch(owner: User) -> None:
    deployment = scenes.ready(make_event(owner))
    look_at([Watch(deployment.pk, owner.pk, 0)])
    assert cache.get(watch_key(deployment.pk, owner.pk)) > 0


def test_a_page_that_is_too_slow_is_told_later() -> None:
    async def slow() -> int:
        watch = Watch(1, 1, 0)
        chunks = [Chunk(number, 1, "install", b"x\n") for number in range(1, 3000)]
        watch.tell(Look({1: "a"}, chunks))
        return watch.after

    assert asyncio.run(slow()) == 2000


def test_a_page_that_shows_what_is_is_told_only_of_what_comes(visit: Client, owner: User) -> None:
    deployment = scenes.building(make_event(owner))
    mark = visit.get(f"/services/{deployment.key}").content.decode().partition('data-mark="')[2][:16]
    page = Watch(deployment.pk, owner.pk, 0, mark)
    assert page.is_told(look_at([page]))
    scenes.change(deployment, steps_done=["publish"])
    assert not page.is_told(look_at([page]))


def test_a_change_is_told_to_each_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    watches = [Watch(1, 1, 0) for _ in range(30)]
    asyncio.run(stream._tell(watches, Look({1: "changed"}, [])))
    assert [one.news.get_nowait() for one in watches] == ["changed"] * 30
