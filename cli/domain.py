"""`up --domain fair.example --apps-domain apps.example`: people come over https, from anywhere."""

from argparse import Namespace

from cli import ports
from cli.home import as_meant
from cli.talk import HaltError, say

INTERNAL = "internal"
"""Instead of a certificate file: Caddy makes one itself, which browsers must be told to trust. For trying it out."""


def choose(asked: Namespace, kept: dict[str, str], *, doors_in_use: bool) -> dict[str, str]:
    """The settings for these names, as asked, else as kept. Raises HaltError."""
    if not asked.domain and not asked.apps_domain:
        if asked.certificate or asked.key:
            raise HaltError(
                "--certificate and --key want --domain and --apps-domain beside them: which names they are for."
            )
        again = ("SITE_URL", "APPS_PORT") if kept.get("APPS_SCHEME") == "https" else ()
        return {name: kept[name] for name in again}
    _require_two_names(asked.domain, asked.apps_domain)
    given = _certificate(asked.certificate, asked.key)
    if given["TLS"] and not doors_in_use and not all(ports.is_free(port, "") for port in (80, 443)):
        raise HaltError("Port 80 or 443 is taken by another program, or only root may use it. See docs/production.md.")
    return given | {
        "SITE_URL": f"https://{asked.domain}",
        "ALLOWED_HOSTS": f"{asked.domain},localhost,127.0.0.1,[::1]",
        "APPS_DOMAIN": asked.apps_domain,
        "APPS_SCHEME": "https",
        "APPS_PORT": "443",
        "TRUSTED_PROXIES": kept.get("TRUSTED_PROXIES", "127.0.0.1"),
        "LAN_ADDRESS": "",
        "LAN_LISTEN": "",
    }


def tell(settings: dict[str, str]) -> None:
    """What is left to do for whoever runs a proxy of their own."""
    if settings.get("APPS_SCHEME") == "https" and not settings.get("TLS"):
        site, services = settings["WEB_LISTEN"], settings["FRONT_DOOR_LISTEN"]
        say(
            f"Let your proxy send {settings['SITE_URL']} to {site}, and https://*.{settings['APPS_DOMAIN']} to {services}."
        )


def _require_two_names(domain: str | None, apps: str | None) -> None:
    if not domain or not apps:
        raise HaltError(
            "--domain and --apps-domain belong together: the portal's name, and the domain of the services."
        )
    if domain == apps or domain.endswith(f".{apps}"):
        raise HaltError("The portal may not live under the services' domain: their pages could then reach its cookies.")


def _certificate(certificate: str | None, key: str | None) -> dict[str, str]:
    if certificate == INTERNAL:
        return {"TLS": INTERNAL, "TLS_CERTIFICATE": "", "TLS_KEY": ""}
    if not certificate and not key:
        return {"TLS": "", "TLS_CERTIFICATE": "", "TLS_KEY": ""}
    files = [as_meant(word) for word in (certificate, key) if word]
    if len(files) < 2 or not all(file.is_file() for file in files):
        raise HaltError("--certificate and --key want two files in PEM: the chain for both names, and its private key.")
    return {"TLS": "files", "TLS_CERTIFICATE": str(files[0]), "TLS_KEY": str(files[1])}
