"""Who may say where a visitor comes from."""

import asyncio
from typing import Any

import pytest

from portal.server.forwarded import behind

TOLD = [(b"host", b"fair.example"), (b"x-forwarded-for", b"203.0.113.7"), (b"x-forwarded-proto", b"https")]


def seen(peer: str, *trusted: str, headers: list[tuple[bytes, bytes]] = TOLD) -> dict[str, Any]:
    """What the application behind sees of a request from this peer."""
    scopes: list[dict[str, Any]] = []

    async def application(scope: dict[str, Any], receive: object, send: object) -> None:
        scopes.append(scope)

    scope = {"type": "http", "scheme": "http", "client": (peer, 1234), "headers": list(headers)}
    asyncio.run(behind(application, trusted)(scope, None, None))  # type: ignore[arg-type]
    return scopes[0]


@pytest.mark.parametrize("trusted", ["127.0.0.1", "127.0.0.0/8"])
def test_a_trusted_proxy_is_believed(trusted: str) -> None:
    scope = seen("127.0.0.1", trusted)
    assert (scope["client"][0], scope["scheme"]) == ("203.0.113.7", "https")


@pytest.mark.parametrize("trusted", [(), ("127.0.0.1",)])
def test_nobody_else_is(trusted: tuple[str, ...]) -> None:
    scope = seen("198.51.100.9", *trusted)
    assert (scope["client"][0], scope["scheme"]) == ("198.51.100.9", "http")


@pytest.mark.parametrize("trusted", [(), ("127.0.0.1",)])
@pytest.mark.parametrize("name", [b"x-forwarded-for", b"x-forwarded-host", b"forwarded", b"x-real-ip"])
def test_no_claim_is_left_to_be_misread_and_it_is_known_that_there_was_one(
    name: bytes, trusted: tuple[str, ...]
) -> None:
    scope = seen("127.0.0.1", *trusted, headers=[(b"host", b"localhost"), (name, b"127.0.0.1")])
    assert scope["headers"] == [(b"host", b"localhost"), (b"x-fairground-proxied", b"1")]


def test_the_nearest_hop_that_is_not_ours_counts_not_what_the_visitor_put_before_it() -> None:
    chain = [(b"x-forwarded-for", b"127.0.0.1, 203.0.113.7, 10.0.0.3")]
    assert seen("127.0.0.1", "127.0.0.1", "10.0.0.0/8", headers=chain)["client"][0] == "203.0.113.7"


def test_a_request_without_claims_is_as_it_was() -> None:
    plain = [(b"host", b"localhost")]
    assert seen("127.0.0.1", "127.0.0.1", headers=plain)["headers"] == plain
