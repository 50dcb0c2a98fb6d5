"""Small files that are there whole, the one before or the new one, whatever happens while they are written."""

import os
from pathlib import Path


def write_whole(file: Path, text: str) -> None:
    """On the disk before this returns, for our eyes only. Raises OSError; then the one before is as it was."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
