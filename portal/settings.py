"""All settings, in one file. Each may be given in the environment or in <home>/fairground.env; the environment wins."""

from datetime import timedelta
from pathlib import Path

import environ

from cli.home import home, settings_file

BASE_DIR = Path(__file__).resolve().parent.parent
HOME = home()

env = environ.Env()
if settings_file().exists():
    env.read_env(settings_file())

# --- who we are ---------------------------------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="only-for-tests-and-manage-commands-before-the-first-up")
FIELD_KEYS = env.list("FIELD_KEYS", default=["6Zr0Rr0Cm1s1x8m3p8VJcB0n1jGJr2cQmV4m1Jq0V1M="])
"""Fernet keys for secrets at rest, newest first. `up` makes one; the default is for tests only."""
PORTAL_ID = env.str("PORTAL_ID", default="0" * 32)
"""Label on everything we make outside. Machines with another id are never touched."""

SITE_URL = env.str("SITE_URL", default="http://localhost:8000")
APPS_DOMAIN = env.str("APPS_DOMAIN", default="apps.localhost")
APPS_SCHEME = env.str("APPS_SCHEME", default="http")
APPS_PORT = env.int("APPS_PORT", default=8080)
"""Services answer at <scheme>://<name>.<APPS_DOMAIN>:<APPS_PORT>; never under the portal's own host name."""
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])

# --- the world ----------------------------------------------------------------------------------------------------------

FRONT_DOOR = env.str("FRONT_DOOR", default="memory")
"""`caddy` or `memory`."""
CADDY_ADMIN = env.str("CADDY_ADMIN", default=f"unix/{HOME}/caddy.sock")
FRONT_DOOR_LISTEN = env.str("FRONT_DOOR_LISTEN", default="127.0.0.1:8080")
GIT_DOOR_LISTEN = env.str("GIT_DOOR_LISTEN", default="")
"""host:port where machines fetch their two repositories; empty = they fetch from upstream themselves."""
DOCKER_HOST = env.str("DOCKER_HOST", default="")
MACHINE_IMAGE = env.str("MACHINE_IMAGE", default="fairground/machine:latest")
MIRRORS = Path(env.str("MIRRORS", default=str(HOME / "mirrors")))
ARCHIVES = Path(env.str("ARCHIVES", default=str(HOME / "archives")))
GIT_TRUSTED = env.list("GIT_TRUSTED", default=[])
"""URL prefixes an admin trusts although they are not public https: "file:///srv/git/", "http://gitea.lan/"."""

# --- patience and limits ------------------------------------------------------------------------------------------------

LEASE = timedelta(seconds=60)
FAILED_KEPT = timedelta(hours=env.int("FAILED_KEPT_HOURS", default=24))
HOLD_FOR = timedelta(days=7)
COPIES_KEPT = timedelta(days=30)
MACHINES_AT_ONCE = env.int("MACHINES_AT_ONCE", default=40)
"""Room of the embedded place when it says nothing else."""
SERVICES_PER_PERSON = env.int("SERVICES_PER_PERSON", default=20)
BUILDING_AT_ONCE = env.int("BUILDING_AT_ONCE", default=4)
LONGEST_EVENT = timedelta(days=env.int("LONGEST_EVENT_DAYS", default=92))

# --- engines underneath -------------------------------------------------------------------------------------------------

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{HOME / 'fairground.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    DATABASES["default"]["TEST"] = {"NAME": str(HOME / "test.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

BROKER_URL = env.str("BROKER_URL", default="filesystem://")
BROKER_FOLDER = Path(env.str("BROKER_FOLDER", default=str(HOME / "broker")))

# --- django -------------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "portal",
    "provisioning",
    "catalog",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "portal.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
AUTH_USER_MODEL = "portal.User"
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
