"""What `python3 -m cli.compose` writes for docker-compose.yml, and what that makes of it. No engine is needed."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli import compose, container_engine
from cli.container_engine import Engine, EngineError
from cli.home import CHECKOUT

ENGINE = Engine("unix:///var/run/docker.sock", is_ours=False, is_fenced=True, git_door_host="127.0.0.1")


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where .env is written, beside an engine that answers."""
    for name in ("DOCKER_HOST", "SUDO_UID", "SUDO_GID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(container_engine, "ensure", lambda _: ENGINE)
    monkeypatch.setattr(compose, "ensure_image", lambda *_: "machine:one")
    return tmp_path / ".env"


def services(env: Path) -> dict[str, Any]:
    """As docker-compose itself reads its file with this .env; it asks no engine for that."""
    (env.parent / "docker-compose.yml").write_text((CHECKOUT / "docker-compose.yml").read_text())
    words = ["docker-compose", "config"]
    done = subprocess.run(words, cwd=env.parent, capture_output=True, text=True, check=True)
    return dict(yaml.safe_load(done.stdout)["services"])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_sudo_writes_is_read_by_whoever_said_it(env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_UID", "1000")
    monkeypatch.setenv("SUDO_GID", "1001")
    compose.compose(env)
    facts = env.stat()
    assert (facts.st_uid, facts.st_gid, stat.S_IMODE(facts.st_mode)) == (1000, 1001, 0o600)


def test_what_was_written_once_is_kept(env: Path) -> None:
    first = compose.compose(env)
    env.write_text(f"{env.read_text()}SITE_URL=https://fair.example\n")
    assert compose.compose(env) == first | {"SITE_URL": "https://fair.example"}


@pytest.mark.parametrize(
    ("kept", "door"), [({}, "8080"), ({"APPS_PORT": "443"}, "8080"), ({"APPS_PORT": "8090"}, "8090")]
)
def test_the_port_in_addresses_is_not_the_port_to_which_a_proxy_leads(
    env: Path, kept: dict[str, str], door: str
) -> None:
    env.write_text("".join(f"{name}={text}\n" for name, text in kept.items()))
    settings = compose.compose(env)
    assert (settings["APPS_PORT"], settings["DOOR_PORT"]) == (kept.get("APPS_PORT", "8080"), door)


def test_nothing_in_it_tells_docker_compose_itself_where_the_engine_is(env: Path) -> None:
    env.write_text("DOCKER_HOST=unix:///run/engine.sock\n")
    settings = compose.compose(env)
    assert "DOCKER_HOST" not in settings
    assert settings["ENGINE_HOST"] == "unix:///run/engine.sock"


def test_an_engine_elsewhere_is_refused_in_words(env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://10.1.2.3:2375")
    with pytest.raises(EngineError, match=r"DOCKER_HOST is tcp://10.1.2.3:2375.*Nothing was changed"):
        compose.compose(env)
    assert not env.exists()


def test_an_engine_whose_machines_do_not_reach_us_is_refused_in_words(
    env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rootless = Engine("unix:///run/user/1000/podman/podman.sock", is_ours=False)
    monkeypatch.setattr(container_engine, "ensure", lambda _: rootless)
    with pytest.raises(EngineError, match="was not written"):
        compose.compose(env)
    assert not env.exists()


@pytest.mark.compose
def test_docker_compose_publishes_the_door_where_the_proxy_leads_and_tells_workers_their_engine(env: Path) -> None:
    compose.compose(env)
    with env.open("a") as out:
        out.write("APPS_PORT=443\nSITE_URL=https://fair.example\n")
    told = services(env)
    assert "8080" in str(told["door"]["ports"])
    assert "443" not in str(told["door"]["ports"])
    for name in ("prepare", "web", "clicks", "sweep"):
        assert told[name]["environment"]["DOCKER_HOST"] == "unix:///run/engine.sock"
        assert told[name]["environment"]["APPS_PORT"] == "443"


def test_health_checks_are_let_in_whatever_hosts_people_may_use(tmp_path: Path) -> None:
    hosts = re.findall(r"'Host': '(.+?)'", (CHECKOUT / "docker-compose.yml").read_text())
    assert len(hosts) == 2
    code = (
        "import django; django.setup(); from django.test import Client\n"
        f"print(*(Client(HTTP_HOST=host).get('/healthz').status_code for host in [*{hosts}, 'fair.example', 'evil.example']))"
    )
    told = {"ALLOWED_HOSTS": "fair.example", "DJANGO_SETTINGS_MODULE": "portal.settings", "STATIC_HASHED": "0"}
    env = os.environ | told | {"FAIRGROUND_HOME": str(tmp_path)}
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, cwd=CHECKOUT, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["503", "503", "503", "400"]  # let in, though there is no database; and not let in
