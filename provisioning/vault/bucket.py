"""Which bucket, and how to get in."""

from dataclasses import dataclass, field

from provisioning.driver import Secret


@dataclass(frozen=True)
class Bucket:
    """Where it is and how to get in. An empty endpoint is Amazon's; without a key, boto3 looks where it always does."""

    name: str
    endpoint: str = ""
    region: str = ""
    folder: str = ""  # what all names begin with
    key_id: str = ""
    key: Secret = field(default_factory=lambda: Secret(""))
