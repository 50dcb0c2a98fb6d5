# Stands in for redis:7 where no registry answers: Debian's packages, which the base has.
ARG DEBIAN
FROM ${DEBIAN}
RUN install -d -o redis -g redis -m 755 /run/redis
USER redis
VOLUME /run/redis
