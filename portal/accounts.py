"""How accounts are written to: allauth decides when, our letters say what, the outbox carries it."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.utils import timezone

from portal import outbox
from portal.letters import letter


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    """Sign-up, sign-in and their mails."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Put the letter of this occasion into the outbox. Only the code travels into it, nothing of the request."""
        name = template_prefix.rpartition("/")[2]
        outbox.put(letter(f"account/{name}", {"code": context.get("code", "")}), email, at=timezone.now())
