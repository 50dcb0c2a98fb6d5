"""Why a mail server did not take a mail: a word for each reason, and what it means in plain words."""

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from smtplib import (
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NOT_NOW, FOR_GOOD = 400, 500
"""From these numbers on a server means: come again later; and: not later either."""
LONGEST = 300

ADDRESS = "address"
Words = str | Promise


@dataclass(frozen=True)
class Meaning:
    """What happened, and what one can do about it. What is safe is the same always: the mail is kept."""

    happened: Words
    can: Words


TROUBLES: Mapping[str, Meaning] = {
    ADDRESS: Meaning(
        _("The mail server refuses this address."),
        _(
            "Look for a slip in the address, or tell its owner; if every address is refused, the mail server does not know us."
        ),
    ),
    "sender": Meaning(
        _("The mail server refuses the address that we write from."),
        _("Set MAIL_FROM in the settings to an address that this server may send for."),
    ),
    "content": Meaning(
        _("The mail server refuses what stands in the mail."), _("Its answer says why; ask the people who run it.")
    ),
    "later": Meaning(
        _("The mail server puts us off for a while."),
        _("Many do that with whom they do not know yet. It is tried again by itself."),
    ),
    "password": Meaning(
        _("The mail server does not take our name and password."),
        _("Correct them in EMAIL_URL in the settings, and start again."),
    ),
    "certificate": Meaning(
        _("The mail server's certificate is not valid for its name, so we told it nothing."),
        _("Set EMAIL_URL to the name that stands in the certificate, or have the certificate renewed."),
    ),
    "encryption": Meaning(
        _("The mail server does not encrypt in the way we expect."),
        _("Set EMAIL_URL to smtp+tls:// for port 587, or to smtp+ssl:// for port 465."),
    ),
    "not-offered": Meaning(
        _("The mail server does not offer what EMAIL_URL asks of it: encryption, or signing in."),
        _("Ask the people who run it which port and which encryption it wants."),
    ),
    "name": Meaning(
        _("There is no mail server of that name."), _("Look for a slip in EMAIL_URL, or in this computer's network.")
    ),
    "slow": Meaning(
        _("The mail server was so slow that we hung up."), _("It is tried again by itself. Ask the people who run it.")
    ),
    "broke-off": Meaning(
        _("The mail server hung up in the middle."), _("It is tried again by itself. Ask the people who run it.")
    ),
    "away": Meaning(
        _("The mail server does not answer."),
        _("See whether it runs, and whether EMAIL_URL has its name and port. It is tried again by itself."),
    ),
    "unsendable": Meaning(
        _("This mail cannot be written in a form that mail servers know."), _("Look for a slip in the address.")
    ),
}


def trouble_of(error: Exception, *, was_cut: bool = False) -> str:  # noqa: C901 - one table
    """Which of TROUBLES this is. `was_cut`: we hung up ourselves."""
    match error:
        case _ if was_cut or isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
            return "slow"
        case SMTPNotSupportedError():
            return "not-offered"
        case SMTPRecipientsRefused():
            return ADDRESS if _code(error) >= FOR_GOOD else "later"
        case SMTPResponseException(smtp_code=code) if NOT_NOW <= code < FOR_GOOD:
            return "later"
        case SMTPAuthenticationError():
            return "password"
        case SMTPSenderRefused():
            return "sender"
        case SMTPDataError():
            return "content"
        case ssl.SSLCertVerificationError():
            return "certificate"
        case socket.gaierror():
            return "name"
        case SMTPServerDisconnected():
            return "broke-off"
        case ssl.SSLError():
            return "encryption"
        case SMTPException() | OSError():
            return "away"
        case _:
            return "unsendable"


def answer_of(error: Exception) -> str:
    """What the server said, in one line; else what our own side says."""
    match error:
        case SMTPRecipientsRefused(recipients=refused) if refused:
            said = b" ".join(_reply(*next(iter(refused.values()))))
        case SMTPResponseException(smtp_code=code, smtp_error=reply):
            said = b" ".join(_reply(code, reply))
        case _:
            return _one_line(str(error))
    return _one_line(said.decode(errors="replace"))


def _reply(code: int, words: bytes | str) -> tuple[bytes, bytes]:
    return str(code).encode(), words if isinstance(words, bytes) else words.encode()


def _code(refused: SMTPRecipientsRefused) -> int:
    return max((int(code) for code, _words in refused.recipients.values()), default=0)


def _one_line(words: str) -> str:
    printable = "".join(letter if letter.isprintable() else " " for letter in words)
    return " ".join(printable.split())[:LONGEST]
