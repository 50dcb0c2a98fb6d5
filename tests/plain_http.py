"""What tests speak over loopback is plain HTTP."""

import ssl

PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody: for `verify=`. Otherwise httpx reads all authorities at each call, which takes 50 ms of CPU."""
