"""Bytes on the wire to one machine. The only place that knows the SSH library."""

from provisioning.ssh import lean  # noqa: F401 - first
from provisioning.ssh.keys import KeyPair, make_key_pair
from provisioning.ssh.remote_job import SshRemote
from provisioning.ssh.session import Login, is_private_key, is_public_key, shown_host_key

__all__ = ["KeyPair", "Login", "SshRemote", "is_private_key", "is_public_key", "make_key_pair", "shown_host_key"]
