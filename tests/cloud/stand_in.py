"""A stand-in for a cloud: moto's server, behind a small proxy that adds what moto lacks and a real cloud has.

The rule of ClientToken, instances that are not known at once, groups in use that cannot be deleted, consoles, throttling,
types and zones without capacity, lists that are old or half, requests and replies that get lost. No machine stands behind it.
"""

import base64
import http.client
import logging
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import boto3
from moto.server import ThreadedMotoServer

from tests.cloud import answers
from tests.cloud.moods import Moods

REGION, PARAMETER = "eu-central-1", "/fairground/stand-in/debian-12"
Answer = tuple[int, bytes]


class StandIn:
    """One cloud with one account. `url` is what a driver is told, `back` is the way behind its back."""

    def __init__(self) -> None:
        os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")  # a thousand that nobody asks for
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.moods = Moods()
        self.consoles: dict[str, str] = {}
        """What each instance wrote to its console, by its id."""
        self.asked: list[str] = []
        """Every action that arrived, in order."""
        self._tokens: dict[str, tuple[list[tuple[str, str]], bytes]] = {}
        self._hidden: dict[str, int] = {}
        self._one_at_a_time = threading.Lock()
        self._moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._moto.start()
        self.upstream = "{}:{}".format(*self._moto.get_host_and_port())
        self._listen(0)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.account = f"{secrets.randbelow(10**12):012d}"
        self._whose = {"x-moto-account-id": self.account}  # moto remembers for all servers of a program alike
        self.back = self.client("ec2", f"http://{self.upstream}")
        self.image = self.back.register_image(Name="debian-12")["ImageId"]
        ssm = self.client("ssm", f"http://{self.upstream}")
        ssm.put_parameter(Name=PARAMETER, Value=self.image, Type="String", Overwrite=True)

    def options(self, **changed: Any) -> dict[str, Any]:
        """As an admin would give them."""
        small = {"type": "t3.small", "memory_mib": 2048, "cpu": 2, "price_per_hour": "0.0240"}
        large = {"type": "t3.large", "memory_mib": 8192, "cpu": 2, "price_per_hour": "0.0960"}
        usual = {
            "endpoint": self.url,
            "region": REGION,
            "key_id": self.account,
            "key": "a key of the stand-in",
            "image": f"ssm:{PARAMETER}",
            "types": [small, large],
            "zones": ["eu-central-1a", "eu-central-1b"],
            "portal_addresses": ["127.0.0.1/32"],
            "address": "private",
        }
        return {**usual, **changed}

    def client(self, service: str, url: str = "") -> Any:
        """A client of boto3, through the proxy or past it."""
        keys = {"aws_access_key_id": self.account, "aws_secret_access_key": "a key of the stand-in"}
        made = boto3.session.Session().client(service, endpoint_url=url or self.url, region_name=REGION, **keys)
        made.meta.events.register("before-send.*", lambda request, **_: request.headers.update(self._whose))
        return made

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take requests and keep them."""
        self.moods.open.clear()
        try:
            yield
        finally:
            self.moods.open.set()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Nobody listens."""
        port = self._server.server_port
        self._hang_up()
        try:
            yield
        finally:
            self._listen(port)

    def close(self) -> None:
        """Stop."""
        self.moods.open.set()
        self._hang_up()
        self._moto.stop()

    # --- one request ----------------------------------------------------------------------------------------------------

    def answer(self, verb: str, path: str, headers: dict[str, str], body: bytes) -> Answer | None:
        """What comes back; None where nothing does."""
        form = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
        told = dict(form)
        action = told.get("Action", "") or headers.get("X-Amz-Target", "Unknown").rpartition(".")[2]
        self.moods.open.wait(60)
        if self.moods.is_the_one("lost_requests", action):
            return None
        is_lost = self.moods.is_the_one("lost_replies", action)
        self.asked.append(action)
        with self._one_at_a_time:
            answer = (
                self._refusal(action, told)
                or self._own(action, form, told)
                or self._moto_says(verb, path, headers, body)
            )
            answer = answer[0], self._remembered(action, form, told, answer)
        return None if is_lost else answer

    def _refusal(self, action: str, told: dict[str, str]) -> Answer | None:
        if self.moods.locked:
            return 401, answers.error("AuthFailure")
        if self.moods.counts_down("throttled"):
            return 503, answers.error("RequestLimitExceeded")
        if told.get("NextToken") == answers.PAGE_TWO:
            return 503, answers.error("Unavailable")
        if action == "DeleteSecurityGroup" and self._is_used(told.get("GroupId", "")):
            return 400, answers.error("DependencyViolation")
        if action in answers.LISTS:
            if self.moods.counts_down("stale"):
                return 200, answers.nothing(action)
            if self.moods.counts_down("partial"):
                return 200, answers.nothing(action, more=True)
        return None

    def _own(self, action: str, form: list[tuple[str, str]], told: dict[str, str]) -> Answer | None:
        if action == "RunInstances":
            return self._by_token(sorted(form), told) or self._without_room(told)
        if action == "GetConsoleOutput":
            written = base64.b64encode(self.consoles.get(told["InstanceId"], "").encode()).decode()
            inner = f"<instanceId>{told['InstanceId']}</instanceId><output>{written}</output>"
            return 200, answers.done(action, inner)
        return None

    def _by_token(self, form: list[tuple[str, str]], told: dict[str, str]) -> Answer | None:
        """The same token and the same words: the same instance. Other words: an error."""
        known = self._tokens.get(told.get("ClientToken", ""))
        if known is None:
            return None
        if known[0] != form:
            return 400, answers.error("IdempotentParameterMismatch")
        found = self.back.describe_instances(InstanceIds=[answers.instance_in(known[1])])
        state = found["Reservations"][0]["Instances"][0]["State"]
        return 200, answers.in_state(known[1], state["Code"], state["Name"])

    def _without_room(self, told: dict[str, str]) -> Answer | None:
        zone = told.get("SubnetId") or told.get("Placement.AvailabilityZone", "")
        if self.moods.is_full(told["InstanceType"], zone) or self.moods.counts_down("refused"):
            return 500, answers.error("InsufficientInstanceCapacity")
        return None

    def _remembered(self, action: str, form: list[tuple[str, str]], told: dict[str, str], answer: Answer) -> bytes:
        status, said = answer
        if status == 200 and action == "RunInstances" and told.get("ClientToken", "") not in self._tokens:
            self._tokens[told.get("ClientToken", "")] = (sorted(form), said)
            self._hidden[answers.instance_in(said)] = self.moods.hidden_looks
        if status == 200 and action == "DescribeInstances":
            hidden = {each for each, looks in self._hidden.items() if looks > 0}
            self._hidden = {each: looks - 1 for each, looks in self._hidden.items() if looks > 1}
            return answers.without(said, hidden) if hidden else said
        return said

    def _is_used(self, group: str) -> bool:
        states = ["pending", "running", "stopping", "stopped", "shutting-down"]
        filters = [{"Name": "instance.group-id", "Values": [group]}, {"Name": "instance-state-name", "Values": states}]
        return bool(self.back.describe_instances(Filters=filters)["Reservations"])

    def _moto_says(self, verb: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        line = http.client.HTTPConnection(self.upstream, timeout=30)
        try:
            line.request(verb, path, body, headers | self._whose)
            reply = line.getresponse()
            return reply.status, reply.read()
        finally:
            line.close()

    # --- the wire -------------------------------------------------------------------------------------------------------

    def _listen(self, port: int) -> None:
        stand_in = self

        class Wire(BaseHTTPRequestHandler):
            """HTTP/1.0: a line for each request, so that being away is being away."""

            def do_POST(self) -> None:
                """Every request of the query and JSON protocols is one."""
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answer = stand_in.answer(self.command, self.path, dict(self.headers), body)
                if answer is None:
                    return  # the line is closed, and nothing was said
                is_json = answer[1][:1] in {b"{", b"["}
                with suppress(OSError):  # nobody waits for it any more
                    self.send_response(answer[0])
                    self.send_header("Content-Type", "application/x-amz-json-1.1" if is_json else "text/xml")
                    self.send_header("Content-Length", str(len(answer[1])))
                    self.end_headers()
                    self.wfile.write(answer[1])

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Wire)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def _hang_up(self) -> None:
        self._server.shutdown()
        self._server.server_close()
