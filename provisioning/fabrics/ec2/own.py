"""Somebody's own account: what they say about it, what is as at the house's place, and what they must not leave out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from provisioning.driver import marked as _
from provisioning.fabrics.ec2.options import OPTIONS

_HELP = {
    "key_id": _("Of a user in your account who may do what is listed above. Empty: with a role."),
    "key": _("Empty: with a role."),
    "role": _("arn:… of a role in your account that may do what is listed above. Empty: with an access key."),
}
_ASKED = ("key_id", "key", "role", "region", "image", "zones", "vpc")
OWN_OPTIONS = [
    replace(option, help=_HELP.get(name, option.help)) for name in _ASKED for option in OPTIONS if option.name == name
]
"""Not where the cloud is: the portal would ask there in its own name."""
SHARED_OPTIONS = (
    "endpoint", "types", "currency", "address", "portal_addresses", "front_door_addresses", "enrol_url", "git_door_host",
    "user", "least_disk_gib", "egress",
)  # fmt: skip
"""From where the portal comes, and where it is reached, only the house knows. Its queue and its keys stay its own."""
OWN_WORD = "external_id"
"""By it, a role knows on whose behalf we take it on: nobody else here can name the same role and get in."""
_ROLE = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/(\S+/)?fairground[^/\s]*")


def own_problems(options: Mapping[str, Any]) -> Sequence[str]:
    """Without keys and without a role, the portal would go there as itself: into the account of the house."""
    role, keys = options.get("role"), [bool(options.get(name)) for name in ("key_id", "key")]
    if role and not _ROLE.fullmatch(str(role)):
        return ["role: " + _("Please give the role a name that begins with fairground, so that no other is taken on.")]
    if any(keys) and not all(keys):
        return ["key: " + _("Please give the name of the access key and the key itself.")]
    if not role and not any(keys):
        return ["key_id: " + _("Please give an access key of your account, or a role in it.")]
    return []
