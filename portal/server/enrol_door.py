"""The same word as `portal.views.machines.host_key`, for machines that reach nothing of the portal but its git door."""

import asyncio
import re
from collections.abc import Awaitable, Callable

from portal.server.git_door import BEARER, App, Message, Receive, Send, comes_from_here, plain

PATH = re.compile(r"/machines/(?P<key>[0-9a-f]{32})/host-key")
ASKING_SECONDS = 10.0
Enrol = Callable[[str, str, bytes], Awaitable[bool]]
"""From a machine's key, its word, and what it sends, to whether that was taken."""


def make_enrol_door(enrol: Enrol, git_door: App, most_bytes: int, *, for_us_alone: bool = False) -> App:
    """Return the git door with this one beside it. `for_us_alone`: nothing is answered to another computer."""

    async def door(scope: Message, receive: Receive, send: Send) -> None:
        found = PATH.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if found is None:
            await git_door(scope, receive, send)
            return
        bearer = BEARER.fullmatch(dict(scope["headers"]).get(b"authorization", b""))
        taken = False
        if bearer and scope["method"] == "POST" and (not for_us_alone or comes_from_here(scope)):
            taken = await enrol(found["key"], bearer[1].decode(), await _body(receive, most_bytes))
        await plain(send, 204 if taken else 404)

    return door


async def _body(receive: Receive, most: int) -> bytes:
    """What is sent, up to one byte more than may be; nothing of it if it takes its time."""
    body, more = b"", True
    try:
        async with asyncio.timeout(ASKING_SECONDS):
            while more and len(body) <= most:
                message = await receive()
                body += message.get("body", b"")
                more = message["type"] == "http.request" and message.get("more_body", False)
    except TimeoutError:
        return b""
    return body[: most + 1]
