"""Bytes on the wire to one machine. The only place that knows the SSH library."""

from provisioning.ssh.keys import KeyPair, make_key_pair
from provisioning.ssh.remote_job import SshRemote
from provisioning.ssh.session import Login

__all__ = ["KeyPair", "Login", "SshRemote", "make_key_pair"]
