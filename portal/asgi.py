"""The door for uvicorn: `uvicorn portal.asgi:application`."""

import os
import warnings

from django.core.asgi import get_asgi_application

from portal.celery import app as broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
# Static files are read from the disk in a thread; they are small, and that is as meant.
warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous iterators")
broker.set_default()  # pokes of this process travel by our broker
application = get_asgi_application()
