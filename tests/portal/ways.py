"""Somebody with every way to sign in, and the pages about them."""

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount

from portal.models import User

SECRET = "JBSWY3DPEHPK3PXP"
CREDENTIAL = {
    "id": "FfX-H519CbWufh6ilvmBPKCKUw10huBg30BEJ0BTUFc",
    "rawId": "FfX-H519CbWufh6ilvmBPKCKUw10huBg30BEJ0BTUFc",
    "type": "public-key",
    "clientExtensionResults": {"credProps": {"rk": True}},
    "response": {
        "clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiVnFzZEF2Q0JqX3NYb3pjWi1iYzVmdVVUbjFBSWR0"
        "NmYwbDJRYXJodGlUcyIsIm9yaWdpbiI6Imh0dHA6Ly9sb2NhbGhvc3Q6MzM4MzEiLCJjcm9zc09yaWdpbiI6ZmFsc2V9",
        "attestationObject": "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVikSZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2NFAAAAAQEC"
        "AwQFBgcIAQIDBAUGBwgAIBX1_h-dfQm1rn4eopb5gTygilMNdIbgYN9ARCdAU1BXpQECAyYgASFYIBtSgrLisv2NpfTtQkVda5d8JfRwzp96G9I"
        "ZahGPEcl6Ilgg17qI9XVSDIbH8mp39kVL2d1AlTaXwM34aOPei4K5dtE",
    },
}
"""What a browser of ours once said when it made a passkey; its private half is nowhere any more."""


def give_all_ways(person: User) -> Authenticator:
    """Passkey, codes, spare codes and an account elsewhere; return the passkey."""
    TOTP.activate(person, SECRET)
    RecoveryCodes.activate(person)
    SocialAccount.objects.create(
        user=person, provider="directory", uid=f"at-school-{person.pk}", extra_data={"email": person.email}
    )
    data = {"name": "My phone", "credential": CREDENTIAL}
    passkey: Authenticator = Authenticator.objects.create(user=person, type="webauthn", data=data)
    return passkey


def pages_of(passkey: Authenticator) -> dict[str, str]:
    """What this person meets on the way of changing how they sign in."""
    ways = "/accounts/ways"
    return {
        "me-passkey": f"{ways}/webauthn/add/",
        "me-passkey-name": f"{ways}/webauthn/keys/{passkey.pk}/edit/",
        "me-passkey-end": f"{ways}/webauthn/keys/{passkey.pk}/remove/",
        "me-codes-end": f"{ways}/totp/deactivate/",
        "me-spare": f"{ways}/recovery-codes/",
        "me-spare-new": f"{ways}/recovery-codes/generate/",
        "me-again": "/accounts/reauthenticate/",
        "me-again-code": f"{ways}/reauthenticate/",
        "me-again-passkey": f"{ways}/webauthn/reauthenticate/",
        "me-mail": "/accounts/email/",
        "me-out": "/accounts/logout/",
        "out-inactive": "/accounts/inactive/",
        "out-elsewhere-stopped": "/accounts/elsewhere/login/cancelled/",
        "out-elsewhere-error": "/accounts/elsewhere/login/error/",
    }
