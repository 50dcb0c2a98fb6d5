"""All settings, in one file. Each may be given in the environment or in <home>/fairground.env; the environment wins."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ

from cli.home import file_url, home, settings_file
from portal.desk import look
from portal.people import entrance, providers
from portal.server import log_lines

BASE_DIR = Path(__file__).resolve().parent.parent
HOME = home()

env = environ.Env()
if settings_file().exists():
    env.read_env(settings_file())

# --- who we are -------------------------------------------------------------------------------------------------------

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
IS_LOOPBACK = urlsplit(SITE_URL).hostname in ("localhost", "127.0.0.1", "::1")
"""Only this computer can see the portal."""
LAN_ADDRESS = env.str("LAN_ADDRESS", default="")
"""Set = a local network without DNS: services have no names but ports of this address, one each out of LAN_PORTS."""
LAN_PORTS = env.str("LAN_PORTS", default="8100-8399")
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])
"""Addresses and networks of proxies before portal and front door; what others say in X-Forwarded-… is taken away."""
TLS = env.str("TLS", default="")
"""Who takes TLS off: "files" or "internal", our own front door; empty = nobody, or a proxy before it."""
TLS_LISTEN, PLAIN_LISTEN = env.str("TLS_LISTEN", default=":443"), env.str("PLAIN_LISTEN", default=":80")
TLS_CERTIFICATE, TLS_KEY = env.str("TLS_CERTIFICATE", default=""), env.str("TLS_KEY", default="")
ALLOWED_HOSTS = [*env.list("ALLOWED_HOSTS", default=[]), "localhost", "127.0.0.1", "[::1]"]
"""This computer always reaches the portal by its own names: `up` and health checks ask that way."""

# --- the world --------------------------------------------------------------------------------------------------------

FRONT_DOOR = env.str("FRONT_DOOR", default="memory")
"""`caddy` or `memory`."""
CADDY_ADMIN = env.str("CADDY_ADMIN", default=f"unix/{HOME}/caddy.sock")
FRONT_DOOR_LISTEN = env.str("FRONT_DOOR_LISTEN", default="127.0.0.1:8080")
GIT_DOOR_LISTEN = env.str("GIT_DOOR_LISTEN", default="")
"""host:port where machines fetch their two repositories; empty = they fetch from upstream themselves."""
GIT_DOOR_FOR_US_ALONE = env.bool("GIT_DOOR_FOR_US_ALONE", default=False)
"""Other computers reach that address, too: the door lets in only what comes from this one."""
DOCKER_HOST = env.str("DOCKER_HOST", default="")
PLACE_ADDRESS, BRIDGE_PREFIX = env.str("PLACE_ADDRESS", default=""), env.str("BRIDGE_PREFIX", default="")
"""Where the portal itself runs in a container: the host's address on its network, and how machines' bridges are called."""
MACHINE_IMAGE = env.str("MACHINE_IMAGE", default="fairground/machine:latest")
MIRRORS = Path(env.str("MIRRORS", default=str(HOME / "mirrors")))
ARCHIVES = Path(env.str("ARCHIVES", default=str(HOME / "archives")))
VISITS = Path(env.str("VISITS", default=str(HOME / "visits" / "visits.log")))
"""Where the front door notes visitors, marked so that nobody can be known again; counted from there."""
COPIES_BUCKET = env.str("COPIES_BUCKET", default="") and {
    "name": env.str("COPIES_BUCKET"),
    "endpoint": env.str("COPIES_ENDPOINT", default=""),
    "region": env.str("COPIES_REGION", default=""),
    "folder": env.str("COPIES_FOLDER", default=""),
    "key_id": env.str("COPIES_KEY_ID", default=""),
    "key": env.str("COPIES_KEY", default=""),
}
"""Copies of services go to this bucket of an S3 service; empty: into the folder ARCHIVES."""
BACKUPS = Path(env.str("BACKUPS", default=str(HOME / "backups")))
"""Where `./fairground backup` puts what it keeps of the portal itself."""
STARTER_URL = env.str("STARTER_URL", default=file_url(HOME / "starter"))
"""What our starter apps are addressed by: where they lay when they were made. After a restore elsewhere that is no more."""
GIT_TRUSTED = [f"{STARTER_URL}/", *env.list("GIT_TRUSTED", default=[])]
"""URL prefixes that are trusted although they are not public https: our own starter apps, and what an admin adds, such as
"file:///srv/git/" or "http://gitea.lan/"."""
HOOK_TRUSTED = env.list("HOOK_TRUSTED", default=[])
"""How addresses of the house's webhook may begin although they are not public https, such as "http://monitor.lan/"."""

# --- patience and limits ----------------------------------------------------------------------------------------------

LEASE = timedelta(seconds=60)
FAILED_KEPT = timedelta(hours=env.int("FAILED_KEPT_HOURS", default=24))
HOLD_FOR = timedelta(days=7)
COPIES_KEPT = timedelta(days=30)
COPIES_EACH = env.int("COPIES_EACH", default=5)
COPIES_EACH_MIB = env.int("COPIES_EACH_MIB", default=5120)
"""Of the copies that one person has asked for while a service runs."""
MACHINES_AT_ONCE = env.int("MACHINES_AT_ONCE", default=40)
"""Room of the embedded place when it says nothing else."""
SERVICES_PER_PERSON = env.int("SERVICES_PER_PERSON", default=20)
BUILDING_AT_ONCE = env.int("BUILDING_AT_ONCE", default=4)
WARNINGS = [timedelta(seconds=seconds) for seconds in env.list("WARNINGS", cast=int, default=[604800, 86400, 3600])]
"""How long before an event's end people are warned: 7 days, 1 day, 1 hour."""
LONGEST_EVENT = timedelta(days=env.int("LONGEST_EVENT_DAYS", default=92))

# --- engines underneath -----------------------------------------------------------------------------------------------

DATABASES: dict[str, dict[str, Any]] = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(HOME / "fairground.sqlite3")}
}
if env.str("DATABASE_URL", default=""):
    DATABASES["default"] = env.db_url("DATABASE_URL")
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    DATABASES["default"]["TEST"] = {"NAME": str(HOME / "test.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

BROKER_URL = env.str("BROKER_URL", default="folder://")
BROKER_FOLDER = Path(env.str("BROKER_FOLDER", default=str(HOME / "broker")))

# --- people and pages -------------------------------------------------------------------------------------------------

SECURE = SITE_URL.startswith("https:")
EMBEDDED_MAIL = not env.str("EMAIL_URL", default="")
"""No mail server was named: mails stay in the outbox, and the mailbox page shows them to this computer alone."""
vars().update(env.email_url("EMAIL_URL", default="dummymail:"))
if not EMBEDDED_MAIL and urlsplit(env.str("EMAIL_URL")).scheme.startswith("smtp"):
    EMAIL_BACKEND = "portal.mail.line.Line"
EMAIL_TIMEOUT = 60
"""Seconds for one answer. A server that looks at what it takes may need long; asked again, it would take it twice."""
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", default="Fairground <fairground@localhost>")
HOUSE_TIME_ZONE = env.str("HOUSE_TIME_ZONE", default="UTC")
"""Zone of people who have not told theirs."""
STREAMS_PER_PERSON = env.int("STREAMS_PER_PERSON", default=6)
STREAM_LASTS = timedelta(minutes=10)

# --- django -----------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "portal",
    "provisioning",
    "catalog",
    "unfold",
    "django.contrib.admin.apps.SimpleAdminConfig",  # its tables are found by `portal.urls`: workers do not need them
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.github",
]
MIDDLEWARE = [
    "portal.server.request_id.with_id",
    "django.middleware.security.SecurityMiddleware",
    "portal.server.headers.headers",
    "portal.server.static_files.StaticFilesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "portal.server.language.LanguageMiddleware",
    "portal.server.no_nul.without_nul",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "portal.people.second_step.at_the_counter",
]
ROOT_URLCONF = "portal.urls"
ASGI_APPLICATION = "portal.asgi.application"
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
                "portal.context.house",
            ]
        },
    }
]
FILE_CACHE = {
    "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
    "LOCATION": HOME / "cache",
    "OPTIONS": {"MAX_ENTRIES": 10_000},  # beyond them a third is forgotten at random; Django's own 300 are soon reached
}
CACHES = {"default": env.cache_url("CACHE_URL") if env.str("CACHE_URL", default="") else FILE_CACHE}
"""Shared by all web processes: the limits on sign-in attempts are counted in it, and who has which page in sight."""
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = env.str("HOUSE_LANGUAGE", default="en")
"""Language of people who have not told theirs."""
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]

# --- static files: hashed names once `collectstatic` has run, straight from static/ before ----------------------------

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_HASHED = env.bool("STATIC_HASHED", default=(BASE_DIR / "staticfiles" / "staticfiles.json").exists())
"""Ask for it when collecting: `STATIC_HASHED=1 python manage.py collectstatic --noinput`."""
STATIC_ROOT = BASE_DIR / "staticfiles" if STATIC_HASHED else None
WHITENOISE_USE_FINDERS = not STATIC_HASHED
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_HASHED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- accounts ---------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "portal.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "front"
ACCOUNT_ADAPTER = "portal.people.accounts.AccountAdapter"
ACCOUNT_FORMS = {"signup": "portal.forms.SignupForm", "login": "portal.forms.LoginForm"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
"""Before the mail address is changed, the password once more."""
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = entrance.RATES
PASSKEYS = SECURE or urlsplit(SITE_URL).hostname == "localhost"
"""Browsers have them for names under https and for this computer, never for an address of a network."""
MFA_ADAPTER = "portal.people.second_step.SecondStepAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", *(["webauthn"] if PASSKEYS else [])]
MFA_PASSKEY_LOGIN_ENABLED = PASSKEYS
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE
"""localhost; our own forms let no origin pass but SITE_URL."""
MFA_TOTP_TOLERANCE = 1
"""Half a minute: phones are not always on time."""
MFA_RATE_LIMITS = {"webauthn_login": "60/m/ip"}
"""A class comes in through one address, and there is nothing to guess."""
MFA_FORMS = entrance.FORMS
SOCIALACCOUNT_PROVIDERS = providers.configured(env)
SOCIALACCOUNT_ADAPTER = "portal.people.elsewhere.ElsewhereAdapter"
SOCIALACCOUNT_FORMS = {"signup": "portal.forms.ElsewhereSignupForm"}
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
"""A mail address that somebody else vouches for opens no account of ours; whoever has one links the other to it."""
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}

# --- browsers ---------------------------------------------------------------------------------------------------------

SESSION_COOKIE_NAME = "__Host-session" if SECURE else "fairground-session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "fairground-csrf"
LANGUAGE_COOKIE_NAME = "__Host-language" if SECURE else "fairground-language"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [SITE_URL]
CSRF_FAILURE_VIEW = "portal.views.faults.stale_form"
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

UNFOLD = look.UNFOLD

# --- what we tell of ourselves ----------------------------------------------------------------------------------------

METRICS_BEARER = env.str("METRICS_BEARER", default="")
"""Who shows this reads /metrics from anywhere; empty = only this computer does."""
LOGGING = log_lines.logging_of(
    env.str("FAIRGROUND_LOG", default="json" if SECURE else "plain"),
    env.str("FAIRGROUND_LOG_LEVEL", default="INFO"),
    env.str("FAIRGROUND_PROGRAM", default="manage"),
    [
        SECRET_KEY,
        *FIELD_KEYS,
        METRICS_BEARER,
        *providers.secrets_in(env),
        *log_lines.passwords_in(
            *(env.str(name, default="") for name in ("DATABASE_URL", "BROKER_URL", "EMAIL_URL", "CACHE_URL"))
        ),
    ],
)
