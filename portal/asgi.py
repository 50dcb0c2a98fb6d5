"""The door for uvicorn: `uvicorn portal.asgi:application`."""

import os

from django.conf import settings
from django.core.asgi import get_asgi_application

from portal.server.forwarded import behind

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = behind(get_asgi_application(), settings.TRUSTED_PROXIES)
