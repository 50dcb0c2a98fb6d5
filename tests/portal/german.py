"""What is English, and what is never said, on a page in German."""

import re

from django.utils.html import strip_tags

FORBIDDEN = re.compile(
    r"\b(instanz\w*|deployments?|releases?|fabrics?|provision\w*|reconcil\w*|leases?|treiber\w*|stack ?trace|ups|hoppla|"
    r"schief ?gelaufen|phasen?|none)\b",
    re.IGNORECASE,
)
ENGLISH = re.compile(
    r"\b(the|and|is|of|you|your|with|this|that|it|are|has|have|which|when|until|from|for|been|its|they|there|can|"
    r"nothing|service|services|event|events|copy|address|ago|by|to|at|or)\b",
    re.IGNORECASE,
)
TYPED = re.compile(
    r"https?://\S+|Spring Fair|What is on|Notice board of \S+|It looks like our bank, and asks for my password\.|"
    r"It asks for passwords that are not its own\.|Its files look like this:"
)
"""Addresses, and what people and authors have typed."""
IN_ENGLISH = re.compile(r'<(script|style|pre|code)\b.*?</\1>|<(\w+)[^>]* lang="en".*?</\2>', re.DOTALL)
"""Output of programs, and what says itself that it is in English, as the guide for authors does."""


def read(page: str) -> str:
    """What there is to read on a page, without what need not be in German."""
    return TYPED.sub(" ", strip_tags(IN_ENGLISH.sub(" ", page)))


def english(page: str) -> list[str]:
    """The English words that are left on it."""
    return ENGLISH.findall(read(page))


def forbidden(page: str) -> list[str]:
    """The words on it that no page uses."""
    return FORBIDDEN.findall(read(page))
