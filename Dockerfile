# The portal's own programs (web, workers, clock). Machines, engine and front door stand beside it: see docker-compose.yml.
FROM python:3.11-slim-bookworm
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/fairground
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes --no-deps -r requirements.lock
COPY . .
ENV DJANGO_SETTINGS_MODULE=portal.settings STATIC_HASHED=1 FAIRGROUND_HOME=/var/lib/fairground
RUN mkdir -m 711 -p /var/lib/fairground && python manage.py collectstatic --no-input --verbosity 0
VOLUME /var/lib/fairground
EXPOSE 8000
CMD ["uvicorn", "portal.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--timeout-graceful-shutdown", "3"]
