"""Key pairs for machines: one to log in with, one by which the machine is known before it is met."""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from provisioning.driver import Secret


@dataclass(frozen=True)
class KeyPair:
    """An ed25519 pair as OpenSSH writes it."""

    private: Secret  # PEM
    public: str  # one line, without comment


def make_key_pair() -> KeyPair:
    """Make a new pair."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return KeyPair(Secret(private.decode()), public.decode())
