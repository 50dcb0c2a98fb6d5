"""The far side of one machine over SSH: `provisioning.step.Remote`."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from provisioning.errors import Blame, GiveUp, TryAgain
from provisioning.ssh import answers
from provisioning.ssh.cargo import LOADER, cargo
from provisioning.ssh.conversation import Done
from provisioning.ssh.pool import POOL, Pool
from provisioning.ssh.session import Login
from provisioning.step import Broken, Exited, MachineFacts, Peek, RemoteJob, Running

CODE = "/opt/fairground"
VERB = re.compile(r"[a-z][a-z-]{1,30}")
ANSWER = 1024 * 1024
"""Bytes of an answer, beside the bytes that were asked for."""
LOOK = 64 * 1024
"""Bytes of output that one look brings."""
NOT_THERE = (126, 127)
SUDO = """sudo -n env SSH_CONNECTION="$SSH_CONNECTION" sh -c 'exec {command}'"""
"""How somebody who is not root does something as root, and still knows how we came in. A command of ours holds no single
quote."""


class SshRemote:
    """Speaks to our on-board code, and ships it first where it is missing."""

    def __init__(self, login: Login, *, pool: Pool = POOL, code: str = CODE) -> None:
        self.login = login
        self.pool = pool
        self.code = code

    def reach(self, *, within: float) -> MachineFacts:
        """Log in, ship our on-board code if it is not there yet, and tell the facts."""
        said = self.call("facts", within=within)
        known = {name: answers.text(said, name) for name in ("system", "architecture", "reboot_mark", "python")}
        return MachineFacts(**known)

    def hang_up(self) -> None:
        """Close the connection that is kept, and forget how the machine is known."""
        self.pool.drop(self.login)

    def put(self, path: str, content: bytes, *, mode: int = 0o600, within: float = 20) -> None:
        """Write a file whole."""
        digest = hashlib.sha256(content).hexdigest()
        given = {"path": path, "sha256": digest, "mode": mode}
        self.ask("put", given, content, within=within)

    def start(self, job: RemoteJob, *, within: float = 20) -> None:
        """Start a job; a no-op if one of this name was ever started."""
        given = {
            "name": job.name,
            "argv": list(job.argv),
            "directory": job.directory,
            "env_file": job.env_file,
            "user": job.user,
            "timeout": job.timeout.total_seconds(),
            "safe_to_repeat": job.safe_to_repeat,
        }
        self.call("job-start", given, within=within)

    def peek(self, name: str, *, offset: int = 0, wait: float = 0, within: float = 20) -> Peek:
        """Look at a job."""
        said = self.call("job-peek", {"name": name, "offset": offset, "wait": wait}, within=within)
        state = answers.text(said, "state")
        if state == "none":
            return None
        if state == "broken":
            return Broken(answers.text(said, "why"))
        log, begin, written = self.slice_of_log(said)
        if state == "running":
            return Running(log, begin, written)
        if state != "exited":
            raise answers.misbehaves("state")
        tail = answers.last_lines(answers.octets(said, "tail", LOOK))
        return Exited(answers.number(said, "code"), log, begin, written, tail)

    def slice_of_log(self, said: Mapping[str, Any]) -> tuple[bytes, int, int]:
        """Output, where it begins, and how much there is; refused if these cannot all be true."""
        log = answers.octets(said, "log", LOOK)
        begin, written = answers.number(said, "offset"), answers.number(said, "written")
        if begin + len(log) > written:
            raise answers.misbehaves("written")
        return log, begin, written

    def end(self, name: str, *, within: float = 20) -> None:
        """Kill a job's whole process group, if it runs."""
        self.call("job-end", {"name": name}, within=within)

    def call(self, verb: str, given: Mapping[str, Any] | None = None, *, within: float = 20) -> dict[str, Any]:
        """Run a short on-board verb with JSON on its standard input; return its JSON answer."""
        return self.ask(verb, given or {}, within=within)[0]

    def read(self, path: str, *, offset: int, limit: int, within: float = 20) -> bytes:
        """Read at most `limit` bytes of a file from `offset`; shorter at its end, nothing if there is no such file."""
        given = {"path": path, "offset": offset, "limit": limit}
        try:
            said, content = self.ask("read", given, limit=limit, within=within)
        except TryAgain as stop:
            if stop.params.get("said") == "no-such-file":
                return b""
            raise
        if len(content) != answers.number(said, "behind") or len(content) > limit:
            raise answers.misbehaves("behind")
        return content

    def ask(
        self, verb: str, given: Mapping[str, Any], payload: bytes = b"", *, limit: int = 0, within: float
    ) -> tuple[dict[str, Any], bytes]:
        """Ask; where nobody is on board yet, ship first and ask again."""
        if not VERB.fullmatch(verb):
            raise ValueError(verb)
        behind = {"behind": len(payload)} if payload else {}
        question = json.dumps({**given, **behind, "verb": verb}).encode() + b"\n" + payload
        command = self.as_root(f"{self.code}/{cargo().folder}/onboard converse")
        session = self.pool.session(self.login)
        done = session.ask(command, question, limit=limit + ANSWER, seconds=within)
        if done.code in NOT_THERE:
            self.ship(within=within)
            done = session.ask(command, question, limit=limit + ANSWER, seconds=within)
        if done.code:
            self.must_have_become_root(done)
            said = answers.last_lines(done.err.encode(), lines=1, most=200)
            raise TryAgain("onboard-failed", blame=Blame.PORTAL, exit=done.code, said=said)
        return answers.parse(done.out)

    def ship(self, *, within: float) -> None:
        """Bring our on-board code to the machine."""
        self.load(cargo().shipment(PurePosixPath(self.code).name), within)

    def once(self, program: bytes, *, within: float) -> dict[str, Any]:
        """Run a Python program that is whole by itself, and read the JSON line that it prints. Nothing is left there."""
        return answers.parse(self.load(b"%d\n%b" % (len(program), program), within).out)[0]

    def load(self, given: bytes, within: float) -> Done:
        """Give a program and its input to Python over there."""
        done = self.run(self.as_root(LOADER), given, 0, within)
        self.must_have_become_root(done)
        if done.code in NOT_THERE:
            raise GiveUp("machine-without-python", blame=Blame.FABRIC)
        if "python-too-old" in done.err:
            raise GiveUp("python-too-old", blame=Blame.FABRIC)
        if done.code:
            said = answers.last_lines(done.err.encode(), lines=1, most=200)
            raise TryAgain("cannot-go-on-board", blame=Blame.FABRIC, exit=done.code, said=said)
        return done

    def as_root(self, command: str) -> str:
        """The command as root does it: by `sudo` where we log in as somebody else."""
        return command if self.login.user == "root" else SUDO.format(command=command)

    def must_have_become_root(self, done: Done) -> None:
        """Raise TryAgain if `sudo` refused, or is not there: an admin can mend that."""
        if done.code and self.login.user != "root" and "sudo:" in done.err:
            raise TryAgain("sudo-refused", blame=Blame.FABRIC, user=self.login.user)

    def run(self, command: str, given: bytes, limit: int, within: float) -> Done:
        """One command over the one connection."""
        return self.pool.session(self.login).run(command, given, limit=limit + ANSWER, seconds=within)
