"""The door through which machines read git: two repositories each, by a bearer of their own, and nothing else.

A small ASGI application, served by a uvicorn of its own on GIT_DOOR_LISTEN: `/git/<mirror>.git/` over git's smart
HTTP, for reading. Whatever a machine may not read does not exist: the answer is the same 404. The machines run code of
strangers, so time, bytes and the number of requests at once are bounded, for each bearer and in all.
"""

import asyncio
import hashlib
import os
import re
import signal
import zlib
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
MayRead = Callable[[str], Awaitable[frozenset[str]]]
"""From the SHA-256 of a bearer, in hex, to the names of the mirrors (`mirror_name`) that it may read."""

PATH = re.compile(r"/git/(?P<mirror>[0-9a-f]{32}\.git)/(?P<what>info/refs|git-upload-pack)")
BEARER = re.compile(rb"[Bb]earer ([A-Za-z0-9._~+/=-]{16,200})")
CHUNK = 64 * 1024
ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
}
CONFIG = (
    "core.hooksPath=/dev/null",
    "uploadpack.allowAnySHA1InWant=true",  # a machine asks for its pinned commit, wherever the branch is now
    "transfer.hideRefs=refs/seen",
    "transfer.hideRefs=refs/pins",
    "pack.threads=1",
    "pack.windowMemory=64m",
    "gc.auto=0",
)


@dataclass(frozen=True)
class DoorLimits:
    """What machines may take."""

    request_bytes: int = 1 << 20  # as sent
    unpacked_bytes: int = 4 << 20  # after gzip
    response_bytes: int = 1 << 30
    asking_seconds: float = 20
    seconds: float = 300  # for all of one request
    at_once: int = 16
    at_once_each: int = 4


class _Refused(Exception):  # noqa: N818 - an answer, not an error
    """Answer with this status and no more."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True)
class _Asked:
    """One request that is allowed."""

    repository: Path
    advertise: bool
    new_protocol: bool
    body: bytes = b""


def make_git_door(
    may_read: MayRead, mirrors: Path, limits: DoorLimits = DoorLimits(), *, for_us_alone: bool = False
) -> App:
    """Return the door to the mirrors below this folder. `for_us_alone`: nothing is answered to another computer."""
    return _Door(may_read, mirrors, limits, for_us_alone=for_us_alone)


class _Door:
    def __init__(self, may_read: MayRead, mirrors: Path, limits: DoorLimits, *, for_us_alone: bool) -> None:
        self.may_read = may_read
        self.mirrors = mirrors
        self.limits = limits
        self.for_us_alone = for_us_alone
        self.inside: Counter[str] = Counter()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            try:
                async with asyncio.timeout(self.limits.seconds):
                    await self._answer(scope, receive, send)
            except _Refused as refused:
                await plain(send, refused.status)
            except TimeoutError:
                return  # what was sent so far has no end, and git says so

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        found = PATH.fullmatch(scope["path"])
        bearer = BEARER.fullmatch(headers.get(b"authorization", b""))
        if not found or not bearer or not _is_git(scope, headers, found["what"]):
            raise _Refused(404)
        if self.for_us_alone and not comes_from_here(scope):
            raise _Refused(404)
        who = hashlib.sha256(bearer[1]).hexdigest()
        repository = self.mirrors / found["mirror"]
        if found["mirror"] not in await self.may_read(who) or not repository.is_dir():
            raise _Refused(404)
        async with self._room(who):
            advertise = found["what"] == "info/refs"
            body = b"" if advertise else await self._body(headers, receive)
            new_protocol = b"version=2" in headers.get(b"git-protocol", b"").split(b":")
            await self._serve(_Asked(repository, advertise, new_protocol, body), receive, send)

    @asynccontextmanager
    async def _room(self, who: str) -> AsyncIterator[None]:
        if self.inside[who] >= self.limits.at_once_each or self.inside.total() >= self.limits.at_once:
            raise _Refused(503)
        self.inside[who] += 1
        try:
            yield
        finally:
            self.inside -= Counter({who: 1})

    async def _body(self, headers: dict[bytes, bytes], receive: Receive) -> bytes:
        raw = b""
        try:
            async with asyncio.timeout(self.limits.asking_seconds):
                more = True
                while more:
                    message = await receive()
                    raw += message.get("body", b"")
                    more = message["type"] == "http.request" and message.get("more_body", False)
                    if len(raw) > self.limits.request_bytes:
                        raise _Refused(413)
        except TimeoutError as error:
            raise _Refused(408) from error
        return self._unpacked(raw) if headers.get(b"content-encoding") in {b"gzip", b"x-gzip"} else raw

    def _unpacked(self, raw: bytes) -> bytes:
        unpacking = zlib.decompressobj(wbits=31)
        try:
            body = unpacking.decompress(raw, self.limits.unpacked_bytes)
        except zlib.error as error:
            raise _Refused(400) from error
        if unpacking.unconsumed_tail:
            raise _Refused(413)
        return body

    async def _serve(self, asked: _Asked, receive: Receive, send: Send) -> None:
        program = await asyncio.create_subprocess_exec(
            *_command(asked), stdin=PIPE, stdout=PIPE, env=_environment(asked), start_new_session=True
        )
        around = [asyncio.create_task(_feed(program, asked.body)), asyncio.create_task(_end_with(receive, program))]
        try:
            await self._stream(asked, program, send)
        finally:
            for task in around:
                task.cancel()
            _kill(program)
            await program.wait()

    async def _stream(self, asked: _Asked, program: Process, send: Send) -> None:
        assert program.stdout
        kind = "advertisement" if asked.advertise else "result"
        first = await program.stdout.read(CHUNK)
        if not first:
            raise _Refused(503)
        await send(_head(200, f"application/x-git-upload-pack-{kind}"))
        if asked.advertise and not asked.new_protocol:
            first = b"001e# service=git-upload-pack\n0000" + first
        sent, chunk = 0, first
        while chunk and sent <= self.limits.response_bytes:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            sent += len(chunk)
            chunk = await program.stdout.read(CHUNK)
        await send({"type": "http.response.body", "body": b""})


def _is_git(scope: Message, headers: dict[bytes, bytes], what: str) -> bool:
    """Say whether this is one of the two questions that git asks."""
    if what == "info/refs":
        return bool(scope["method"] == "GET" and scope["query_string"] == b"service=git-upload-pack")
    kind = headers.get(b"content-type") == b"application/x-git-upload-pack-request"
    return bool(scope["method"] == "POST" and not scope["query_string"] and kind)


def comes_from_here(scope: Message) -> bool:
    """Say whether this computer asks: what has its own address on both ends was never on a network."""
    client, server = scope.get("client"), scope.get("server")
    return bool(client and server and client[0] == server[0])


def _command(asked: _Asked) -> list[str]:
    config = [*CONFIG, f"safe.directory={asked.repository}"]
    words = ["upload-pack", "--strict", "--stateless-rpc", *(["--advertise-refs"] if asked.advertise else [])]
    return ["git", *(flag for line in config for flag in ("-c", line)), *words, "--", str(asked.repository)]


def _environment(asked: _Asked) -> dict[str, str]:
    return ENVIRONMENT | ({"GIT_PROTOCOL": "version=2"} if asked.new_protocol else {})


async def _feed(program: Process, body: bytes) -> None:
    assert program.stdin
    with suppress(ConnectionError):
        program.stdin.write(body)
        await program.stdin.drain()
        program.stdin.close()


async def _end_with(receive: Receive, program: Process) -> None:
    """Stop the work when the machine has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass
    _kill(program)


def _kill(program: Process) -> None:
    """End git and all that it started. It leads a group of its own."""
    with suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGKILL)


async def _live(receive: Receive, send: Send) -> None:
    """Nothing to do at the begin, nothing at the end."""
    while (message := await receive())["type"] == "lifespan.startup":
        await send({"type": "lifespan.startup.complete"})
    assert message["type"] == "lifespan.shutdown"
    await send({"type": "lifespan.shutdown.complete"})


def _head(status: int, kind: str) -> Message:
    headers = [(b"content-type", kind.encode()), (b"cache-control", b"no-cache, no-store")]
    return {"type": "http.response.start", "status": status, "headers": headers}


async def plain(send: Send, status: int) -> None:
    await send(_head(status, "text/plain"))
    await send({"type": "http.response.body", "body": b"Nothing here.\n" if status == 404 else b""})
