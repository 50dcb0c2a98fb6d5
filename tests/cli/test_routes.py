"""Networks that an engine does not know of, as the kernel tells them."""

from pathlib import Path

import pytest

from cli.container_engine.routes import is_taken

TABLE = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
tun0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0
fgother\t10C0D50A\t00000000\t0001\t0\t0\t0\tF0FFFFFF\t0\t0\t0
eth1\t0001D50A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
"""
"""The way out, a tunnel to 10.0.0.0/8, another engine's bridge at 10.213.192.16/28, and a house that uses 10.213.1.0/24."""


@pytest.mark.parametrize("taken", ["10.213.192.16/28", "10.213.1.32/28", "10.213.192.0/24"])
def test_a_network_of_another_engine_or_of_the_house_is_taken(tmp_path: Path, taken: str) -> None:
    (tmp_path / "route").write_text(TABLE)
    assert is_taken(taken, tmp_path / "route")


@pytest.mark.parametrize("free", ["10.213.192.32/28", "10.213.2.0/28"])
def test_what_only_the_way_out_or_a_tunnel_leads_to_is_free(tmp_path: Path, free: str) -> None:
    (tmp_path / "route").write_text(TABLE)
    assert not is_taken(free, tmp_path / "route")


def test_where_nothing_can_be_read_the_engine_alone_decides(tmp_path: Path) -> None:
    assert not is_taken("10.213.192.16/28", tmp_path / "nothing")
