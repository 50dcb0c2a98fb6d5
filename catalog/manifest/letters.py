"""Which characters a text may hold."""

DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def has_controls(text: str) -> bool:
    """Say whether a text holds what no reader sees: controls (but tab and line end), directions, halves."""
    return any(
        (char < " " and char not in "\n\t")
        or "\x7f" <= char <= "\x9f"
        or "\ud800" <= char <= "\udfff"
        or char in DIRECTIONS
        for char in text
    )
