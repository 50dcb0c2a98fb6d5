"""What is filled in about ways to sign in: passkeys and codes. The rest of it is allauth's."""

from typing import Any

from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.utils.translation import gettext_lazy as _

from portal.people.second_step import check_origin

LONGEST = 60
SPARE_CODE = 8
"""Digits of a code to be used once when everything else is lost."""


def code_field() -> forms.CharField:
    """A code of the app, or a spare one."""
    return forms.CharField(
        label=_("Code"), max_length=SPARE_CODE, widget=forms.TextInput(attrs={"autocomplete": "one-time-code"})
    )


def name_field() -> forms.CharField:
    """How somebody tells their passkeys apart."""
    return forms.CharField(
        label=_("What is it called?"),
        max_length=LONGEST,
        help_text=_("So that you know it again, for example: my phone."),
    )


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]  # allauth is untyped
    """A passkey that lets in by itself."""

    passwordless = None
    name = name_field()

    def clean(self) -> dict[str, Any]:
        """Demand that the device has seen its owner (a finger, a face, a PIN), and that it happened here."""
        if "credential" in self.cleaned_data:
            check_origin(self.cleaned_data["credential"])
        self.cleaned_data["passwordless"] = True
        cleaned: dict[str, Any] = super().clean()
        return cleaned


class RenamePasskeyForm(EditWebAuthnForm):  # type: ignore[misc]  # allauth is untyped
    """Another name for a passkey."""

    name = name_field()


class _OnOurPages:
    """That a passkey was shown to the portal and to nobody else."""

    cleaned_data: dict[str, Any]

    def clean_credential(self) -> Authenticator:
        """Look where it was shown, then whose it is."""
        check_origin(self.cleaned_data["credential"])
        return super().clean_credential()  # type: ignore[misc]  # of the form beside it


class LoginPasskeyForm(_OnOurPages, LoginWebAuthnForm):  # type: ignore[misc]  # allauth is untyped
    """In with nothing but a passkey."""


class SecondStepPasskeyForm(_OnOurPages, AuthenticateWebAuthnForm):  # type: ignore[misc]  # allauth is untyped
    """After the password."""


class AgainPasskeyForm(_OnOurPages, ReauthenticateWebAuthnForm):  # type: ignore[misc]  # allauth is untyped
    """Once more, before something of the account is changed."""


class SecondStepCodeForm(AuthenticateForm):  # type: ignore[misc]  # allauth is untyped
    """After the password."""

    code = code_field()


class AgainCodeForm(ReauthenticateForm):  # type: ignore[misc]  # allauth is untyped
    """Once more, before something of the account is changed."""

    code = code_field()


class AddCodesForm(ActivateTOTPForm):  # type: ignore[misc]  # allauth is untyped
    """The first code of an app: it has taken the secret in."""

    code = forms.CharField(
        label=_("Code"), max_length=6, widget=forms.TextInput(attrs={"autocomplete": "one-time-code"})
    )
