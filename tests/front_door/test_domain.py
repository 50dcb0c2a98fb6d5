"""What `up` makes of names and certificates."""

from argparse import Namespace
from pathlib import Path

import pytest

from cli import domain, home
from cli.__main__ import _parser
from cli.talk import HaltError

KEPT = {"WEB_LISTEN": "127.0.0.1:8000", "FRONT_DOOR_LISTEN": "127.0.0.1:8080"}


def asked(**words: str | None) -> Namespace:
    return Namespace(
        **{"domain": "fair.example", "apps_domain": "apps.example", "certificate": None, "key": None, **words}
    )


def test_behind_a_proxy_of_ones_own_only_loopback_is_believed(capsys: pytest.CaptureFixture[str]) -> None:
    told = domain.choose(asked(), KEPT, doors_in_use=True)
    assert (told["SITE_URL"], told["APPS_SCHEME"], told["TRUSTED_PROXIES"]) == (
        "https://fair.example",
        "https",
        "127.0.0.1",
    )
    assert not told["TLS"]
    domain.tell(KEPT | told)
    assert "https://*.apps.example to 127.0.0.1:8080" in capsys.readouterr().out


def test_names_are_kept_even_when_another_port_is_asked_for() -> None:
    kept = KEPT | domain.choose(asked(), KEPT, doors_in_use=True)
    later = domain.choose(asked(domain=None, apps_domain=None), kept, doors_in_use=True)
    assert later == {"SITE_URL": "https://fair.example", "APPS_PORT": "443"}
    assert domain.choose(asked(domain=None, apps_domain=None), KEPT, doors_in_use=True) == {}


def test_a_house_that_leaves_its_local_network_for_a_domain_has_services_under_names() -> None:
    left = {"LAN_ADDRESS": "192.168.1.5", "LAN_LISTEN": "192.168.1.5:8000"}
    later = domain.choose(asked(), KEPT | left, doors_in_use=True)
    assert {name: later[name] for name in left} == {"LAN_ADDRESS": "", "LAN_LISTEN": ""}


def test_a_domain_and_a_local_network_are_not_asked_for_at_once() -> None:
    with pytest.raises(SystemExit):
        _parser().parse_args(["up", "--listen", "192.168.1.5", "--domain", "fair.example"])


def test_proxies_that_somebody_wrote_down_are_kept_when_the_domain_is_said_again() -> None:
    kept = KEPT | {"TRUSTED_PROXIES": "127.0.0.1,10.0.0.5"}
    assert domain.choose(asked(), kept, doors_in_use=True)["TRUSTED_PROXIES"] == "127.0.0.1,10.0.0.5"


def test_certificate_files_are_named_as_they_are_found_later(tmp_path: Path) -> None:
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    for file in (chain, key):
        file.touch()
    told = domain.choose(asked(certificate=str(chain), key=str(key)), KEPT, doors_in_use=True)
    assert (told["TLS"], told["TLS_CERTIFICATE"], told["TLS_KEY"]) == ("files", str(chain), str(key))


def test_a_certificate_is_meant_from_where_the_caller_stands_and_a_link_to_it_stays_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "chain-of-spring.pem").touch()
    (tmp_path / "chain.pem").symlink_to(tmp_path / "chain-of-spring.pem")
    monkeypatch.setattr(home, "CALLED_FROM", tmp_path)
    told = domain.choose(asked(certificate="chain.pem", key="chain.pem"), KEPT, doors_in_use=True)
    assert (told["TLS_CERTIFICATE"], told["TLS_KEY"]) == (f"{tmp_path}/chain.pem", f"{tmp_path}/chain.pem")


@pytest.mark.parametrize(
    "wrong",
    [
        {"apps_domain": None},
        {"domain": None},
        {"apps_domain": "fair.example"},
        {"domain": "portal.apps.example"},
        {"certificate": "/nowhere", "key": "/nowhere"},
        {"key": "/etc/hostname"},
        {"domain": None, "apps_domain": None, "certificate": "/etc/hostname", "key": "/etc/hostname"},
        {"domain": None, "apps_domain": None, "certificate": "internal"},
    ],
)
def test_what_would_not_be_safe_or_complete_is_refused(wrong: dict[str, str | None]) -> None:
    with pytest.raises(HaltError):
        domain.choose(asked(**wrong), KEPT, doors_in_use=True)
