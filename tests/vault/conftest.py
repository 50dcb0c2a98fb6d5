"""Each kind of vault: the folder, and a bucket of a stand-in for S3, a server of moto's that runs here."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from provisioning.driver import Secret
from provisioning.step import Vault
from provisioning.vault import Bucket, FolderVault
from provisioning.vault.s3 import S3Vault


@pytest.fixture(scope="session")
def stand_in() -> Iterator[str]:
    """Where the stand-in answers."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(stand_in: str, request: pytest.FixtureRequest) -> Bucket:
    """An empty bucket of this test's own."""
    name = f"test-{abs(hash(request.node.nodeid)):x}"
    made = Bucket(name, stand_in, "eu-central-1", "copies/", "somebody", Secret("hidden"))
    where = {"LocationConstraint": made.region}
    S3Vault(made).client.create_bucket(Bucket=name, CreateBucketConfiguration=where)
    return made


@pytest.fixture(params=["folder", "s3"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Vault:
    """A vault of each kind."""
    if request.param == "folder":
        return FolderVault(tmp_path / "copies")
    return S3Vault(request.getfixturevalue("bucket"))
