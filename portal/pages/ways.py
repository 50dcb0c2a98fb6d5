"""How somebody signs in, as the page about them shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings

from portal.models import User
from portal.people import providers
from portal.people.elsewhere import TOLD
from portal.people.second_step import is_behind_counter


@dataclass(frozen=True)
class Elsewhere:
    """An account somewhere else by which they sign in."""

    pk: int
    where: str
    called: str


@dataclass(frozen=True)
class Ways:
    """Every way in that they have, and what they might add."""

    has_password: bool
    passkeys: Sequence[Authenticator]
    has_codes: bool
    spare_codes: int
    """How many are left; 0 for those whom nobody asks for one."""
    elsewhere: Sequence["Elsewhere"]
    may_link: Mapping[str, str]
    """Providers of this house that they have not linked: what they are called in addresses, and by people."""
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
    names = providers.names()
    accounts = list(SocialAccount.objects.filter(user=person).order_by("date_joined", "pk"))
    linked = [Elsewhere(one.pk, names.get(one.provider, one.provider), _called(one.extra_data)) for one in accounts]
    return Ways(
        has_password=person.has_usable_password(),
        passkeys=passkeys,
        has_codes=has_codes,
        spare_codes=sum(len(one.wrap().get_unused_codes()) for one in spare),
        elsewhere=linked,
        may_link={key: name for key, name in names.items() if key not in {one.provider for one in accounts}},
        is_wanting=is_behind_counter(person) and not is_asked,
    )


def _called(told: Mapping[str, str]) -> str:
    return next((told[key] for key in TOLD if told.get(key)), "")
