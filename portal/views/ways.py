"""How somebody signs in: adding a passkey or codes. What follows is ours, the rest allauth's."""

from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView
from allauth.socialaccount.views import ConnectionsView
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse, reverse_lazy
from django.views.generic import RedirectView

from portal.people.second_step import is_asked_of


class AddPasskey(AddWebAuthnView):  # type: ignore[misc]  # allauth is untyped
    """A new passkey."""

    def get_success_url(self) -> str:
        """Show the spare codes to whoever now needs more than a password to get in; all others have lost nothing."""
        return reverse("mfa_view_recovery_codes" if is_asked_of(self.request.user) else "me")


class AddCodes(ActivateTOTPView):  # type: ignore[misc]  # allauth is untyped
    """Codes of an app."""

    def get_success_url(self) -> str:
        """Show the spare codes."""
        return reverse("mfa_view_recovery_codes")


class Unlink(ConnectionsView):  # type: ignore[misc]  # allauth is untyped
    """No longer in by an account elsewhere."""

    success_url = reverse_lazy("me")

    def get(self, _request: HttpRequest) -> HttpResponse:
        """All of them stand on the page about oneself."""
        return redirect("me")


OF_PASSKEYS = (
    [
        path("accounts/ways/webauthn/", RedirectView.as_view(pattern_name="me")),
        path("accounts/ways/webauthn/add/", AddPasskey.as_view()),
    ]
    if settings.PASSKEYS
    else []
)
