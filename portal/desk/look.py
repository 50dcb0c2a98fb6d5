"""How the desk behind the counter looks: unfold in our colours, with our words."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


def _shades(hue: float, chroma: float) -> dict[str, str]:
    """Eleven shades of one colour, from paper to night, as unfold wants them."""
    lights = {
        "50": 98, "100": 95.5, "200": 90.5, "300": 83, "400": 72, "500": 60, "600": 49, "700": 42, "800": 34,
        "900": 25, "950": 17,
    }  # fmt: skip
    return {name: f"oklch({light}% {chroma} {hue})" for name, light in lights.items()}


def _list(title: str | Promise, icon: str, name: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{name}_changelist")}


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "portal.context.title",
    "SITE_HEADER": "portal.context.title",
    "SITE_SUBHEADER": _("behind the counter"),
    "SITE_ICON": lambda _request: static("art/icon.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("art/icon.svg")}],
    "COLORS": {"primary": _shades(193, 0.08), "base": _shades(75, 0.012)},
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {"title": _("The desk"), "items": [{"title": _("Today"), "icon": "today", "link": "/desk"}]},
            {
                "title": _("The fair"),
                "items": [
                    _list(_("Apps"), "storefront", "catalog_app"),
                    _list(_("Services"), "festival", "provisioning_deployment"),
                    _list(_("Events"), "event", "provisioning_event"),
                    _list(_("People"), "group", "portal_user"),
                ],
            },
            {
                "title": _("The ground"),
                "items": [
                    _list(_("Machines"), "dns", "provisioning_machine"),
                    _list(_("Places"), "location_on", "provisioning_fabric"),
                    _list(_("Strays"), "pets", "provisioning_stray"),
                    _list(_("Letting in"), "door_open", "provisioning_admission"),
                ],
            },
            {
                "title": _("The books"),
                "items": [
                    _list(_("What happened"), "history", "provisioning_entry"),
                    _list(_("Kept copies"), "inventory_2", "provisioning_archive"),
                    _list(_("Outbox"), "outgoing_mail", "provisioning_mail"),
                    _list(_("Reports"), "flag", "provisioning_report"),
                ],
            },
        ],
    },
}
