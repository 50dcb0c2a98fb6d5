"""Values that nobody needs to think of."""

import secrets
import uuid
from collections.abc import Callable, Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from catalog.manifest.fields import Generate

READABLE = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without l, I, O, 0 and 1, which people mistake for each other when they copy from a screen."""
SYLLABLES = [consonant + vowel for consonant in "bdfghjklmnprstvz" for vowel in "aeiou"]


def generated(kind: Generate, length: int | None = None) -> str:
    """Make a value. `length` counts characters, or words for `words`; uuid and ed25519 have their own."""
    return MAKERS[kind](length)


def _password(length: int | None) -> str:
    return "".join(secrets.choice(READABLE) for _ in range(length or 20))


def _hex(length: int | None) -> str:
    return secrets.token_hex(64)[: length or 32]


def _words(length: int | None) -> str:
    """Words that can be read aloud, such as "miru-bado-felo": 12.6 bits each, 6 of them 75."""
    return "-".join(secrets.choice(SYLLABLES) + secrets.choice(SYLLABLES) for _ in range(length or 6))


def _ed25519(_length: int | None) -> str:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


MAKERS: Mapping[Generate, Callable[[int | None], str]] = {
    "password": _password,
    "hex": _hex,
    "uuid": lambda _length: str(uuid.uuid4()),
    "words": _words,
    "ed25519": _ed25519,
}
