# Stands in for postgres:15 where no registry answers: Debian's packages, which the base has, and as much of its entrypoint as is needed.
ARG DEBIAN
FROM ${DEBIAN}
ENV PATH=/usr/lib/postgresql/15/bin:$PATH PGDATA=/var/lib/postgresql/data
COPY postgres-entrypoint /usr/local/bin/
VOLUME /var/lib/postgresql/data
ENTRYPOINT ["postgres-entrypoint"]
