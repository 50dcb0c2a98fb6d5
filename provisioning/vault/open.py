"""The one place that knows which kinds of vault there are."""

from functools import lru_cache
from importlib import import_module
from pathlib import Path

from provisioning.step import Vault
from provisioning.vault.bucket import Bucket
from provisioning.vault.folder import FolderVault


def open_vault(folder: Path, bucket: Bucket | None) -> Vault:
    """The bucket if there is one, else the folder."""
    return _opened(bucket) if bucket else FolderVault(folder)


@lru_cache(maxsize=4)
def _opened(bucket: Bucket) -> Vault:
    """One per process: its connections are kept. boto3 is large, and loaded by nobody who has no bucket."""
    vault: Vault = import_module("provisioning.vault.s3").S3Vault(bucket)
    return vault
