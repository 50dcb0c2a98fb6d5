"""Fixtures: a real sshd, and a wire to it that can be cut."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.ssh import SshRemote
from tests.ssh.sshd import Proxy, Sshd


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    """A running sshd."""
    sshd = Sshd(tmp_path).start()
    yield sshd
    sshd.stop()


@pytest.fixture
def remote(sshd: Sshd) -> SshRemote:
    """Our end of the wire to it."""
    return sshd.remote()


@pytest.fixture
def proxy(sshd: Sshd) -> Iterator[Proxy]:
    """A wire in between."""
    proxy = Proxy(sshd.port)
    yield proxy
    proxy.close()
