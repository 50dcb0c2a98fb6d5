"""The engine of our own: how it is found, what it promises, and that it is gone when it is gone."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli import container_engine
from cli.container_engine import firewall, own
from cli.container_engine.api import Api, EngineError
from cli.home import CHECKOUT, mark
from tests.engine import ensure_engine

ROOT = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("dockerd") or sys.platform != "linux",
    reason="only root with dockerd can run an engine of its own",
)


@pytest.fixture(scope="module")
def life() -> Iterator[dict[str, Any]]:
    """What an engine's whole life looked like, lived in a network of its own."""
    place = ensure_engine()
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="fg") as home:
        Path(home).chmod(0o711)
        place.save_image(Path(home) / "image.tar")
        words = [sys.executable, "-m", "tests.cli.one_engine_life", home, place.image]
        env = {name: text for name, text in os.environ.items() if name != "DOCKER_HOST"}
        env |= {"FAIRGROUND_HOME": f"{home}/home", "FAIRGROUND_RUN": f"{home}/run"}
        done = subprocess.run(
            ["unshare", "--net", "--mount", *words],
            env=env, cwd=CHECKOUT, capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        yield json.loads((Path(home) / "seen.json").read_text())


@ROOT
@pytest.mark.engine
class TestOneLife:
    """All from one run, because an engine's life takes half a minute."""

    def test_it_is_known_as_ours(self, life: dict[str, Any]) -> None:
        assert life["is_ours"]

    def test_it_offers_an_address_for_the_git_door(self, life: dict[str, Any]) -> None:
        assert life["door"].startswith("10.214.")

    def test_its_rules_stand_in_chains_of_our_own(self, life: dict[str, Any]) -> None:
        assert f"-A INPUT -j FAIRGROUND-{mark()}-IN" in life["rules"]
        assert f"-A DOCKER-USER -j FAIRGROUND-{mark()}-FWD" in life["rules"]

    def test_machines_answer_while_a_killed_engine_is_away(self, life: dict[str, Any]) -> None:
        assert life["answers_without_engine"]

    def test_a_killed_engine_is_started_again_and_finds_its_machines(self, life: dict[str, Any]) -> None:
        assert life["is_another"]
        assert life["same_machine"]
        assert life["answers_again"]

    def test_machines_live_on_when_the_engine_is_stopped(self, life: dict[str, Any]) -> None:
        assert life["stopped"]
        assert life["answers_after_stop"]

    def test_root_in_a_machine_is_nobody_outside(self, life: dict[str, Any]) -> None:
        assert life["outside_uid"] >= 100_000

    def test_it_is_not_removed_from_under_a_machine(self, life: dict[str, Any]) -> None:
        assert "another portal of this checkout has 1 machines" in life["stays_while_needed"]
        assert life["stays"] == ["", ""]

    def test_removing_it_leaves_no_process_rule_or_mount(self, life: dict[str, Any]) -> None:
        assert life["pid_at_the_end"] is None
        assert life["rules_at_the_end"] == []
        assert life["mounts_at_the_end"] == []


@pytest.mark.engine
def test_ensure_beside_a_running_engine_changes_nothing() -> None:
    place = ensure_engine()

    again = container_engine.ensure()

    assert again.docker_host == place.docker_host
    assert again.git_door_host == place.git_door_host
    assert container_engine.plan() == []


def test_an_engine_that_is_not_there_is_an_error_for_people() -> None:
    nowhere = Api("unix:///nonexistent/engine.sock")

    assert not nowhere.answers()
    with pytest.raises(EngineError, match="does not answer"):
        nowhere.ask("GET", "/version")


def test_a_way_to_an_engine_that_we_do_not_know_is_named() -> None:
    with pytest.raises(EngineError, match="ssh://somewhere"):
        Api("ssh://somewhere").ask("GET", "/_ping")


def test_name_servers_are_those_of_the_host_that_machines_can_reach(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("# made by hand\nnameserver 127.0.0.53\nnameserver 192.168.7.1\nnameserver fe80::1\nsearch lan\n")

    assert firewall.name_servers([str(file), str(tmp_path / "missing")]) == ["192.168.7.1"]


def test_a_place_may_open_a_hole_for_its_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRGROUND_ALLOWED_RANGES", "10.9.0.0/16, 10.8.0.7")

    rules = firewall.forward_rules("fg+")

    hole = rules.index("-i fg+ -d 10.9.0.0/16 -j RETURN")
    assert hole < rules.index(f"-i fg+ -d 10.0.0.0/8 -j {firewall.REFUSE}")
    assert "-i fg+ -d 10.8.0.7/32 -j RETURN" in rules


def test_a_portal_in_containers_reaches_its_machines_and_they_reach_its_git_door_alone() -> None:
    rules, portal = firewall.forward_rules("fg+"), firewall.portal_bridge()
    opened = [rule for rule in rules if portal in rule]
    assert opened == rules[:3]
    assert [rule for rule in opened if "NEW" in rule or "conntrack" not in rule] == [
        f"-i {portal} -o fg+ -p tcp -j ACCEPT",
        f"-i fg+ -o {portal} -p tcp --dport 8418 -j ACCEPT",
    ]
    assert not portal.startswith(firewall.bridge_prefix())


def test_a_wrong_range_is_refused_before_any_rule_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRGROUND_REFUSED_RANGES", "10.0.0.0/8,lan")

    with pytest.raises(EngineError, match="'lan'"):
        firewall.forward_rules("fg+")


def test_bridge_names_leave_room_to_tell_machines_apart() -> None:
    assert len(container_engine.bridge_prefix()) == 6


def test_folders_that_an_earlier_start_made_too_narrow_are_opened_for_the_engines_machines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="fg") as name:
        base = Path(name) / "fairground" / "0123abcd"
        Path(name).chmod(0o755)
        monkeypatch.delenv("FAIRGROUND_HOME", raising=False)
        monkeypatch.setattr(own, "home", lambda: base)
        for place in (base.parent, base, own.folder()):
            place.mkdir(mode=0o700)
        own._make_traversable()
        assert [place.stat().st_mode & 0o777 for place in (base.parent, base, own.folder())] == [0o711] * 3
