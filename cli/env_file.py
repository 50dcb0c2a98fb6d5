"""The settings of this installation: NAME=value lines in <home>/fairground.env, for our eyes only."""

import base64
import os
import secrets

from cli.home import settings_file
from cli.talk import HaltError


def read() -> dict[str, str]:
    """All settings written so far."""
    if not settings_file().exists():
        return {}
    lines = [line for line in settings_file().read_text().splitlines() if "=" in line and not line.startswith("#")]
    return {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in lines)}


def write(changes: dict[str, str]) -> dict[str, str]:
    """Set these, keep the others; return all. Nothing is written if nothing changes."""
    kept = read()
    settings = kept | changes
    if settings != kept:
        if any("\n" in text for text in settings.values()):
            raise HaltError("A setting may not have more than one line.")
        fresh = settings_file().with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write("# Written by ./fairground up; what you change here is kept. The environment wins over it.\n")
            out.writelines(f"{name}={value}\n" for name, value in sorted(settings.items()))
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(settings_file())
    return settings


def keys() -> dict[str, str]:
    """What is made once and never changes: losing it means losing what it encrypts."""
    kept = read()
    made = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "FIELD_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "PORTAL_ID": secrets.token_hex(16),
    }
    return {name: value for name, value in made.items() if name not in kept}
