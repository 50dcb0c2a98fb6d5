"""What a cloud says, in our words. The only place where its errors are read."""

from botocore.exceptions import ClientError

from provisioning.errors import Blame, GiveUp, Stop, TryAgain

FULL = "place-is-full"
_THROTTLED = ("RequestLimitExceeded", "Throttling", "EC2ThrottledException", "TooManyRequests", "SlowDown")
_GONE = ("NotFound", "NotFoundException")
_SAID = (
    (("Insufficient", "LimitExceeded", "AddressLimit", "Unsupported"), FULL, Blame.FABRIC),
    (("InvalidAMIID", "ParameterNotFound"), "machine-image-missing", Blame.PORTAL),
    (
        ("Unauthorized", "AccessDenied", "AuthFailure", "OptInRequired", "InvalidClientTokenId", "Signature", "Expired",
         "Blocked", "PendingVerification", "InvalidAccessKeyId", "UnrecognizedClient"),
        "place-locks-us-out",
        Blame.PORTAL,
    ),
)  # fmt: skip
"""How the code of an error begins, or a part of it; what that means, and whose move it is."""


def code_of(error: ClientError) -> str:
    """The cloud's own code."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_throttled(error: ClientError) -> bool:
    """We ask too often."""
    return any(part in code_of(error) for part in _THROTTLED)


def is_gone(error: ClientError) -> bool:
    """There is no such thing (any more, or yet)."""
    return code_of(error).endswith(_GONE)


def is_duplicate(error: ClientError) -> bool:
    """Somebody, most likely we ourselves, made it before."""
    return code_of(error).endswith(".Duplicate")


def away(error: Exception) -> Stop:
    """Nobody answered, or not in time. What was asked for may have happened."""
    return TryAgain("place-away", blame=Blame.FABRIC, detail=str(error)[:300])


def translated(error: ClientError) -> Stop:
    """The cloud answered, and refused."""
    code, detail = code_of(error), str(error)[:300]
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code == "IdempotentParameterMismatch":
        return GiveUp("machine-request-changed", blame=Blame.PORTAL, detail=detail)
    if is_throttled(error):
        return TryAgain("place-busy", blame=Blame.FABRIC, detail=detail)
    for parts, ours, blame in _SAID:
        if any(part in code for part in parts):
            return TryAgain(ours, blame=blame, detail=detail)
    if status >= 500 or is_gone(error) or is_duplicate(error) or "Incorrect" in code or code == "DependencyViolation":
        return TryAgain("place-troubled", blame=Blame.FABRIC, detail=detail)  # gone or made meanwhile: look again
    return GiveUp("place-refused", blame=Blame.PORTAL, detail=detail)
