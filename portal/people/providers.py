"""Where people may have an account already, and sign in here by it: read from the settings; without keys there is none."""

from collections.abc import Iterator, Mapping
from typing import Any

import environ
from django.conf import settings

OIDC, GITHUB = "openid_connect", "github"
GOOGLE = "https://accounts.google.com"
MICROSOFT = "https://login.microsoftonline.com"
Apps = list[dict[str, Any]]


def configured(env: environ.Env) -> Mapping[str, Any]:
    """What allauth wants to be told. Every provider but GitHub speaks OpenID Connect, so one code asks them all."""
    oidc = [
        *_oidc(env, "OIDC", "directory", env.str("OIDC_NAME", default="OpenID"), env.str("OIDC_SERVER", default="")),
        *_oidc(env, "GOOGLE", "google", "Google", GOOGLE),
        *_oidc(env, "MICROSOFT", "microsoft", "Microsoft", _microsoft(env.str("MICROSOFT_TENANT", default=""))),
    ]
    github = _app(env, "GITHUB", "github", "GitHub", {})
    return {OIDC: {"APPS": oidc, "OAUTH_PKCE_ENABLED": True}, GITHUB: {"APPS": github, "OAUTH_PKCE_ENABLED": True}}


def secrets_in(env: environ.Env) -> Iterator[str]:
    """What must stand in no log."""
    yield from (env.str(f"{name}_SECRET", default="") for name in ("OIDC", "GOOGLE", "MICROSOFT", "GITHUB"))


def names() -> Mapping[str, str]:
    """Those of this house, in a fixed order: what an address of ours calls them, and what people do."""
    apps = [app for kind in (OIDC, GITHUB) for app in settings.SOCIALACCOUNT_PROVIDERS[kind]["APPS"]]
    return {app["provider_id"]: app["name"] for app in apps}


def _microsoft(tenant: str) -> str:
    """Of one organisation only: where anybody's would do, nobody can tell who vouches for whom."""
    return f"{MICROSOFT}/{tenant}/v2.0" if tenant else ""


def _oidc(env: environ.Env, prefix: str, provider_id: str, name: str, server: str) -> Apps:
    return _app(env, prefix, provider_id, name, {"server_url": server}) if server else []


def _app(env: environ.Env, prefix: str, provider_id: str, name: str, more: Mapping[str, Any]) -> Apps:
    client = env.str(f"{prefix}_CLIENT", default="")
    secret = env.str(f"{prefix}_SECRET", default="")
    app = {"provider_id": provider_id, "name": name, "client_id": client, "secret": secret, "settings": dict(more)}
    return [app] if client else []
