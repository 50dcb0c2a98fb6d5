# Everything of Fairground but machines: web, workers, clock, front door. See docker-compose.yml and docs/production.md.
ARG DEBIAN=debian:bookworm-slim
FROM ${DEBIAN}
# A base of your own may have them already.
RUN dpkg -s ca-certificates caddy git python3-venv > /dev/null 2>&1 \
    || (apt-get update \
        && apt-get install -y --no-install-recommends ca-certificates caddy git python3 python3-venv \
        && rm -rf /var/lib/apt/lists/*)
RUN useradd --uid 10001 --no-create-home --home-dir /var/lib/fairground fairground

# Where no package index answers during a build: `pip download -r requirements.lock -d wheels`, and PIP_NO_INDEX=1.
COPY requirements.lock wheel[s] /srv/wheels/
ARG PIP_NO_INDEX=
RUN python3 -m venv /srv/venv \
    && /srv/venv/bin/pip install --no-cache-dir --require-hashes --no-deps \
       --find-links /srv/wheels -r /srv/wheels/requirements.lock \
    && rm -r /srv/wheels

WORKDIR /srv/fairground
COPY . .
ENV PATH=/srv/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DJANGO_SETTINGS_MODULE=portal.settings \
    STATIC_HASHED=1 FAIRGROUND_HOME=/var/lib/fairground FAIRGROUND_LOG=json HOME=/var/lib/fairground
RUN rm -rf wheels \
    && python -c "import django; django.setup(); from portal.management.commands import prepare; prepare.collect_static()" \
    && install -d -m 711 -o fairground -g fairground /var/lib/fairground /run/fairground \
    && chmod -R a+rX /srv/fairground
USER fairground
VOLUME /var/lib/fairground /run/fairground
EXPOSE 8000
CMD ["python", "-m", "portal.server.serve", "0.0.0.0:8000", "0.0.0.0:8418"]
