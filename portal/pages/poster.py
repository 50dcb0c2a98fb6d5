"""An address to be scanned: its QR code as a drawing, for pages and for paper."""

from functools import lru_cache

import segno
from django.utils.safestring import SafeString, mark_safe


@lru_cache(maxsize=1000)
def qr(address: str) -> SafeString:
    """Draw it, dark on light whatever the page's colours are; it still reads with a seventh of it torn off."""
    drawn = segno.make(address, error="m", micro=False)
    drawing = drawn.svg_inline(dark="#1f2430", light="#ffffff", border=4, omitsize=True, svgclass="qr", lineclass=None)
    return mark_safe(drawing)  # noqa: S308 - drawn from squares; the address is in it as squares alone
