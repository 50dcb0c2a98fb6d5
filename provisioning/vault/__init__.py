"""Where copies are kept: a folder, or a bucket of an S3 service. One opener, by settings; the same tests for both."""

from provisioning.vault.bucket import Bucket
from provisioning.vault.folder import FolderVault
from provisioning.vault.open import open_vault

__all__ = ["Bucket", "FolderVault", "open_vault"]
