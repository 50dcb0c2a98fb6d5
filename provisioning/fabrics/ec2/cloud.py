"""The wire to one account of a cloud: clients that are kept, deadlines, and patience where the cloud asks for it."""

import math
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError

from provisioning.fabrics.ec2 import errors
from provisioning.fabrics.ec2.options import Options

LONGEST, SHORTEST = 16.0, 0.125
"""Seconds that one request may take; between them, time limits are powers of two, so that few clients serve all."""
TRIES_IN_STOCK, TRIES_BACK = 20.0, 0.1
"""Second tries of all callers together, and what of one comes back with every answer: a crowd that is throttled gives up."""
LONGEST_PAUSE = 4.0
ROLE_SECONDS = 5.0
"""Taking on a role comes on top of a request, once an hour."""


class Account:
    """The clients of one account, made when first needed. Safe among threads."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._clients: dict[tuple[str, float], Any] = {}
        self._session: boto3.session.Session | None = None
        self._lock = threading.Lock()
        self._tries = TRIES_IN_STOCK

    def client(self, service: str, seconds: float) -> Any:
        """A client whose requests take no longer than this."""
        limit = 2.0 ** math.floor(math.log2(min(LONGEST, max(SHORTEST, seconds))))
        with self._lock:
            if (service, limit) not in self._clients:
                self._clients[service, limit] = self._made(service, limit)
            return self._clients[service, limit]

    def may_try_again(self) -> bool:
        """Take one second try out of the stock."""
        with self._lock:
            if self._tries < 1:
                return False
            self._tries -= 1
            return True

    def answered(self) -> None:
        """Put a little back."""
        with self._lock:
            self._tries = min(TRIES_IN_STOCK, self._tries + TRIES_BACK)

    def _made(self, service: str, limit: float) -> Any:
        if self._session is None:
            self._session = _session(self.options)
        parts = urlsplit(self.options.queue)  # a queue's address says where it is asked
        where = f"{parts.scheme}://{parts.netloc}" if service == "sqs" else self.options.endpoint
        return self._session.client(service, endpoint_url=where or None, config=_limits(limit))


def _limits(seconds: float) -> Config:
    retries = {"total_max_attempts": 1}  # second tries are ours: they keep the deadline
    return Config(connect_timeout=seconds / 2, read_timeout=seconds, retries=retries, max_pool_connections=16)


def _session(options: Options) -> boto3.session.Session:
    """The account's own session; with a role, one whose keys last an hour and are fetched anew by themselves."""
    ours = botocore.session.Session()
    ours.set_config_variable("region", options.region)
    if options.key_id:
        ours.set_credentials(options.key_id, options.key.reveal)
    if options.role:
        asked = {"RoleSessionName": "fairground"}
        if options.external_id.reveal:
            asked["ExternalId"] = options.external_id.reveal
        there = {"endpoint_url": options.endpoint or None, "config": _limits(ROLE_SECONDS)}
        make = partial(ours.create_client, **there)
        fetch = AssumeRoleCredentialFetcher(
            make, ours.get_credentials(), options.role, extra_args=asked
        ).fetch_credentials
        theirs = botocore.session.Session()
        theirs.set_config_variable("region", options.region)
        theirs._credentials = DeferredRefreshableCredentials(fetch, "assume-role")  # noqa: SLF001 - there is no other way in
        return boto3.session.Session(botocore_session=theirs)
    return boto3.session.Session(botocore_session=ours)


class Cloud:
    """An account for the length of one call of the driver."""

    def __init__(self, account: Account, deadline: float) -> None:
        self._account = account
        self._deadline = deadline

    def ask(self, verb: str, /, service: str = "ec2", **given: Any) -> dict[str, Any]:
        """One request; again after a pause while the cloud says that we ask too often."""
        pause = 0.1
        while True:
            try:
                answer: dict[str, Any] = getattr(self._account.client(service, self._left()), verb)(**given)
            except ClientError as error:
                wait = random.uniform(0, pause)  # noqa: S311 - not a secret
                if not errors.is_throttled(error) or wait >= self._left() or not self._account.may_try_again():
                    raise
                time.sleep(wait)
                pause = min(LONGEST_PAUSE, 2 * pause)
            else:
                self._account.answered()
                return answer

    def all(self, verb: str, what: str, **given: Any) -> list[dict[str, Any]]:
        """Every page of a list. Half of one is nothing: it raises."""
        found: list[dict[str, Any]] = []
        token: dict[str, str] = {}
        while True:
            page = self.ask(verb, **given, **token)
            found += page.get(what, [])
            if not page.get("NextToken"):
                return found
            token = {"NextToken": page["NextToken"]}

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("The cloud took longer than it was given.")
        return left


@contextmanager
def opened(account: Account, within: float) -> Iterator[Cloud]:
    """Talk to a cloud for at most `within` seconds. Raises Stops only."""
    try:
        yield Cloud(account, time.monotonic() + within)
    except ClientError as error:
        raise errors.translated(error) from error
    except (BotoCoreError, OSError) as error:
        raise errors.away(error) from error
