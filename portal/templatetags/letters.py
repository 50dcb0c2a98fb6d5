"""What people have typed, on its way into a letter."""

import re
import unicodedata

from django import template
from django.utils.safestring import SafeString, mark_safe

from portal.mail.troubles import TROUBLES, Meaning

register = template.Library()

ADDRESSES = re.compile(r"(?i)\b(?:[a-z][a-z0-9+.-]{0,40}://|www\.)\S+")
"""The word before "://" has an end: looked for from each letter of a long one, it would take seconds."""
TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
ISOLATED, ISOLATED_NO_MORE = "\u2068", "\u2069"
PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


@register.filter
def plain(words: object) -> SafeString:
    """Make words that neither format anything nor lead anywhere: one line, no Markdown, no addresses.

    Marks that turn the direction of writing are taken out; words that are written from right to left turn nothing else.
    """
    one_line = " ".join(TURNS.sub("", ADDRESSES.sub("…", str(words))).split())
    if any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in one_line):
        one_line = f"{ISOLATED}{one_line}{ISOLATED_NO_MORE}"
    return mark_safe(PUNCTUATION.sub(r"\\\1", one_line))  # noqa: S308 - the Markdown renderer escapes what is left


@register.filter
def printed(output: str) -> SafeString:
    """Make what programs printed stand as it is, line by line; it formats nothing either, and ends nowhere but at its end."""
    return mark_safe("\n".join(f"    {line}" for line in output.splitlines()))  # noqa: S308 - as above


@register.filter
def meaning(trouble: str) -> Meaning | None:
    """Why no server took a mail; None if none was asked yet."""
    return TROUBLES.get(trouble)
