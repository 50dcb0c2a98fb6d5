"""How somebody signs in, as the page about them shows it."""

from collections.abc import Sequence
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.conf import settings

from portal.models import User
from portal.people.second_step import is_behind_counter


@dataclass(frozen=True)
class Ways:
    """Every way in that they have, and what they might add."""

    has_password: bool
    passkeys: Sequence[Authenticator]
    has_codes: bool
    spare_codes: int
    """How many are left; 0 for those whom nobody asks for one."""
    is_wanting: bool
    """They stand behind the counter with nothing but a password."""
    may_have_passkeys: bool = settings.PASSKEYS


def ways_of(person: User) -> Ways:
    """Read them."""
    known = list(Authenticator.objects.filter(user=person).order_by("created_at", "pk"))
    passkeys = [one for one in known if one.type == Authenticator.Type.WEBAUTHN]
    has_codes = any(one.type == Authenticator.Type.TOTP for one in known)
    is_asked = has_codes or (bool(passkeys) and is_behind_counter(person))
    spare = [one for one in known if one.type == Authenticator.Type.RECOVERY_CODES and is_asked]
    return Ways(
        has_password=person.has_usable_password(),
        passkeys=passkeys,
        has_codes=has_codes,
        spare_codes=sum(len(one.wrap().get_unused_codes()) for one in spare),
        is_wanting=is_behind_counter(person) and not is_asked,
    )
