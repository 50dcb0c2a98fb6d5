"""Keys of the format from which nothing follows yet.

They are read and kept; authors and curators are told, so that nobody relies on them.
"""

from collections.abc import Mapping, Sequence

from catalog.manifest.manifest import Manifest
from catalog.manifest.problems import Problem

WITHOUT_EFFECT: Mapping[str, str] = {
    "notices.ending": "not shown yet",
    "data.own": "people cannot bring content of their own yet",
    "param.change": "values cannot be changed after the launch yet",
    "port.public": "only the primary port has an address",
    "mail.sends": "machines cannot send mail yet",
    "upgrade": "what runs stays at its version",
    "lifetime.longest": "the last day of the event decides",
}
"""Key → what is so instead. Whoever makes one effective takes its line away."""
AS_WITHOUT: Sequence[object] = (False, "none", "never", [])


def remarks(manifest: Manifest, file: str) -> Sequence[Problem]:
    """Say which keys this manifest uses in vain."""
    written = manifest.as_json()
    used = [(key, words) for key, words in WITHOUT_EFFECT.items() if _uses(written, key.split("."))]
    return [Problem(file, key, "", f"is accepted and has no effect yet: {words}") for key, words in used]


def _uses(written: object, keys: Sequence[str]) -> bool:
    if not keys:
        return written not in AS_WITHOUT
    if isinstance(written, list):
        return any(_uses(item, keys) for item in written)
    return isinstance(written, dict) and keys[0] in written and _uses(written[keys[0]], keys[1:])
