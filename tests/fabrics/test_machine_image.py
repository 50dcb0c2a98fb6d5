"""The recipe of the machine image: one digest for one recipe, and one baking for one digest."""

import io
import tarfile
from pathlib import Path

import pytest

from cli import container_engine
from cli.machine_image import ensure_image
from machine.image import read_recipe
from tests.engine import EnginePlace, ensure_engine


def overlay(certificates: Path) -> dict[str, tarfile.TarInfo]:
    """What is laid over the packages, by name."""
    with tarfile.open(fileobj=io.BytesIO(read_recipe(certificates).overlay)) as tar:
        return {entry.name: entry for entry in tar.getmembers()}


def test_the_same_recipe_has_the_same_name(tmp_path: Path) -> None:
    assert read_recipe(tmp_path).tag == read_recipe(tmp_path).tag
    assert read_recipe(tmp_path).tag.startswith("fairground/machine:")


def test_another_mirror_is_another_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = read_recipe(tmp_path).digest

    monkeypatch.setenv("FAIRGROUND_DEBIAN_MIRROR", "http://mirror.lan/debian")

    assert read_recipe(tmp_path).digest != plain


def test_certificates_of_this_host_are_handed_over_where_it_has_its_own(tmp_path: Path) -> None:
    (tmp_path / "company.crt").write_text("-----BEGIN CERTIFICATE-----\n")

    assert "usr/local/share/ca-certificates/host-company.crt" in overlay(tmp_path)
    assert read_recipe(tmp_path).environment["PIP_CERT"] == "/etc/ssl/certs/ca-certificates.crt"


def test_nothing_is_handed_over_where_the_host_has_only_the_distributions(tmp_path: Path) -> None:
    assert not [name for name in overlay(tmp_path) if "ca-certificates" in name]
    assert set(read_recipe(tmp_path).environment) == {"LANG"}


def test_everything_in_the_image_belongs_to_root_and_programs_run(tmp_path: Path) -> None:
    entries = overlay(tmp_path)

    assert {(entry.uid, entry.gid, entry.mtime) for entry in entries.values()} == {(0, 0, 0)}
    assert entries["usr/sbin/machine-start"].mode == 0o755
    assert entries["etc/ssh/sshd_config.d/fairground.conf"].mode == 0o644


@pytest.mark.engine
def test_an_unchanged_recipe_is_not_baked_again() -> None:
    place: EnginePlace = ensure_engine()
    engine = container_engine.find()
    assert engine
    said: list[str] = []

    assert ensure_image(engine, said.append) == place.image

    assert said == []
