"""What an engine says, in our words. The only place where its errors are read."""

from docker.errors import APIError

from provisioning.errors import Blame, GiveUp, Stop, TryAgain

_SAID = (
    (("no such image",), "machine-image-missing", Blame.PORTAL),
    (("port is already allocated", "address already in use", "port already in use"), "ports-in-use", Blame.FABRIC),
    (("pool overlaps", "already used on", "already used by"), "subnet-in-use", Blame.FABRIC),
    (
        ("no space left", "could not find an available", "cannot allocate memory", "disk quota"),
        "place-is-full",
        Blame.FABRIC,
    ),
)
"""Words in an engine's message, the code they mean, and whose move it is."""


def away(error: Exception) -> Stop:
    """Nobody answered, or not in time. What was asked for may have happened."""
    return TryAgain("place-away", blame=Blame.FABRIC, detail=str(error)[:300])


def translated(error: APIError) -> Stop:
    """The engine answered, and refused."""
    words = str(error.explanation or error).lower()
    for parts, code, blame in _SAID:
        if any(part in words for part in parts):
            return TryAgain(code, blame=blame, detail=words[:300])
    if error.is_server_error() or error.status_code in {404, 409}:  # gone or made meanwhile: look again
        return TryAgain("place-troubled", blame=Blame.FABRIC, detail=words[:300])
    return GiveUp("place-refused", blame=Blame.PORTAL, detail=words[:300])


def is_duplicate(error: APIError) -> bool:
    """Somebody, most likely we ourselves, made it before. Docker answers 409, Podman 500."""
    words = str(error.explanation or error).lower()
    return error.status_code == 409 or "already in use" in words or "already exists" in words
