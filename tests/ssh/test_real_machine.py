"""Everything that runs on a machine, on a real one: its sshd, runit, cron and git, its limits, and its restarts."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import docker.models.containers
import pytest

from provisioning.driver import Endpoint
from provisioning.errors import NotYet
from provisioning.fabrics.container import request
from provisioning.ssh import Login, SshRemote
from provisioning.ssh.pool import Pool
from provisioning.step import Broken, Exited, RemoteJob, Running
from tests.conformance.rigs.container import ContainerRig, open_rig
from tests.waiting import until

pytestmark = pytest.mark.engine

ONBOARD = "/opt/fairground/current/onboard"
SERVE = """
set -e
mkdir -p /srv/git/cgi-bin /srv/git/work
cat > /srv/git/cgi-bin/git <<'END'
#!/bin/sh
export GIT_PROJECT_ROOT=/srv/git/work GIT_HTTP_EXPORT_ALL=1
exec git -c safe.directory=* http-backend
END
chmod 755 /srv/git/cgi-bin/git
cd /srv/git/work
git init -q -b main app
git -C app config uploadpack.allowAnySHA1InWant true
cd /srv/git
exec python3 -m http.server --cgi --bind 127.0.0.1 8900
"""
COMMIT = """
cd /srv/git/work/app
echo "$1" > index
printf '#!/bin/sh\\necho run >> /root/runs\\n' > install
chmod 755 install
git add -A
git -c user.name=a -c user.email=a@example.org commit -q -m more
git rev-parse HEAD
"""

WEB = {"processes": [{"name": "web", "run": ["python3", "-m", "http.server", "8000"], "user": "www-data"}]}


class Machine:
    """A real machine and our wire to it."""

    def __init__(self, rig: ContainerRig) -> None:
        self.spec, self.identity = rig.spec()
        rig.driver.ensure(self.spec, self.identity, within=20)
        self.container: docker.models.containers.Container = rig.engine.containers.get(request.name(self.spec.key))
        here = Endpoint("127.0.0.1", self.spec.ssh_port)
        self.remote = SshRemote(Login(here, self.spec.host_public_key, self.identity.login_key), pool=Pool())
        until("the machine is reached", self.is_reached, 30)

    def is_reached(self) -> bool:
        """Does it answer?"""
        try:
            return bool(self.remote.reach(within=10))
        except NotYet:
            return False

    def sh(self, name: str, script: str, *words: str, **more: Any) -> None:
        """Start a job that is some lines of shell."""
        self.remote.start(RemoteJob(name, ("sh", "-c", script, "sh", *words), **more))

    def ended(self, name: str) -> Exited:
        """Wait for a job's end."""

        def look() -> Any:
            seen = self.remote.peek(name, wait=1)
            return None if isinstance(seen, Running) else seen

        seen = until(f"{name} ends", look, 60)
        assert isinstance(seen, Exited)
        return seen

    def onboard(self, name: str, program: str, given: dict[str, Any]) -> Exited:
        """Run one of our own programs as a job, and wait for its end."""
        path = f"/var/lib/fairground/given/{name}.json"
        self.remote.put(path, json.dumps(given).encode())
        self.remote.start(RemoteJob(name, (ONBOARD, program, path)))
        return self.ended(name)

    def commit(self, name: str, content: str) -> str:
        """Commit something in the repository on it."""
        self.sh(name, COMMIT, content)
        return self.ended(name).log.decode().strip()

    def restart(self) -> None:
        """Restart it, and wait until it is back."""
        self.container.restart(timeout=15)
        until("the machine is back", self.is_reached, 30)


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """One machine for all."""
    with open_rig() as rig:
        yield Machine(rig)


def test_the_facts_are_those_of_the_machine(machine: Machine) -> None:
    facts = machine.remote.call("facts")

    assert facts["system"] == "debian:12"
    assert facts["reboot_mark"].count("-") == 5


def test_a_job_in_the_middle_of_which_the_machine_restarts_runs_again(machine: Machine) -> None:
    machine.sh("twice", "echo run >> /root/twice; test $(wc -l < /root/twice) = 2 || exec sleep 1000")
    machine.sh("never", "echo run >> /root/never; exec sleep 1000", safe_to_repeat=False)
    until("both run", lambda: machine.remote.read("/root/never", offset=0, limit=9) == b"run\n")
    mark = machine.remote.call("facts")["reboot_mark"]

    machine.restart()

    assert machine.remote.call("facts")["reboot_mark"] != mark
    assert machine.ended("twice").code == 0
    assert machine.remote.peek("never") == Broken("machine-restarted")
    assert machine.remote.read("/root/never", offset=0, limit=99) == b"run\n"


def test_a_job_may_not_be_more_than_the_machine(machine: Machine) -> None:
    machine.sh("greedy", "exec python3 -c 'x = bytearray(2 << 30); print(len(x))'")

    assert machine.ended("greedy").code in (1, 137)
    assert machine.is_reached()


def test_service_and_content_come_and_stay_up_to_date(machine: Machine) -> None:
    machine.sh("git-server", SERVE)
    until("it serves", lambda: machine.remote.read("/srv/git/work/app/.git/HEAD", offset=0, limit=9))
    first = machine.commit("commit-1", "one")
    url = "http://127.0.0.1:8900/cgi-bin/git/app"

    fetched = machine.onboard("fetch-1", "fetch-service", {"url": url, "commit": first})
    assert (fetched.code, fetched.tail) == (0, f"the service is at {first}")
    given = {"url": url, "ref": "main", "target": "/var/www/html/data", "after": "install"}
    machine.remote.put("/var/lib/fairground/content-source.json", json.dumps(given).encode())
    machine.remote.start(RemoteJob("pull-1", (ONBOARD, "pull")))
    assert machine.ended("pull-1").code == 0
    second = machine.commit("commit-2", "two")
    machine.remote.start(RemoteJob("pull-2", (ONBOARD, "pull")))
    assert machine.ended("pull-2").code == 0

    assert machine.remote.read("/var/www/html/data/index", offset=0, limit=9) == b"two\n"
    assert machine.remote.read("/root/runs", offset=0, limit=99) == b"run\nrun\n"
    assert machine.remote.call("content")["commit"] == second
    machine.remote.end("git-server")


def test_cron_is_there_for_the_pulls(machine: Machine) -> None:
    given = {"every": 10, "key": machine.spec.key}

    assert machine.remote.call("schedule", given)["cron_runs"] is True
    assert machine.remote.call("schedule-check", given) == {"right": True, "cron_runs": True}
    assert machine.remote.call("unschedule") == {"changed": True}


def test_programs_are_kept_alive_also_after_a_restart(machine: Machine) -> None:
    machine.remote.call("supervise", WEB)
    until("it runs", lambda: state(machine) == "running")

    machine.restart()

    until("it runs again", lambda: state(machine) == "running")
    log = machine.remote.call("process-log", {"name": "web"})["log"]
    assert isinstance(base64.b64decode(log), bytes)


def test_a_copy_is_made_and_can_be_read(machine: Machine) -> None:
    made = machine.onboard("archive-1", "archive", {"out": "/var/lib/fairground/archives/a", "paths": ["/etc/ssh"]})

    assert made.code == 0
    told = json.loads(machine.remote.read("/var/lib/fairground/archives/a.json", offset=0, limit=9999))
    whole = machine.remote.read("/var/lib/fairground/archives/a.tar.gz", offset=0, limit=1 << 20)
    assert told["size"] == len(whole) > 100


def test_ending_all_holds_also_after_a_restart(machine: Machine) -> None:
    machine.remote.call("supervise", WEB)
    until("it runs", lambda: state(machine) == "running")

    assert machine.remote.call("end-all")["processes"] == ["web"]
    machine.restart()

    assert state(machine) == "stopped"


def test_a_machine_that_hears_nothing_of_its_portal_ends_the_app_and_begins_it_anew_when_it_does(
    machine: Machine,
) -> None:
    machine.remote.call("supervise", WEB)
    until("the app runs", lambda: state(machine) == "running")
    told = machine.remote.call("end-itself", {"at": 1.0, "switch_off": False})
    assert told == {"had_ended": False, "looked_after": True}
    machine.container.exec_run([ONBOARD, "end-if-due"])  # cron does it every ten minutes
    assert state(machine) == "stopped"
    later = {"at": 4e9, "switch_off": False}
    assert machine.remote.call("end-itself", later)["had_ended"] is True
    machine.remote.call("supervise", WEB)
    until("the app runs again", lambda: state(machine) == "running")
    assert machine.remote.call("end-itself", {**later, "begun_anew": True})["had_ended"] is False


def state(machine: Machine) -> str:
    """How its web program does."""
    [web] = machine.remote.call("processes")["processes"]
    return str(web["state"])
