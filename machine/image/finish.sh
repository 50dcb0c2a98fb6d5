#!/bin/sh
# The last touches inside a new machine image, after its packages and files are in place. Runs as root in it.
set -eu

update-ca-certificates >/dev/null 2>&1

# Every machine gets a host key of its own before it starts; one that all share would be worse than none.
rm -f /etc/ssh/ssh_host_*
mkdir -p -m 0700 /root/.ssh

# Packages bring runit services of their own; only what is declared runs here.
rm -rf /etc/service
mkdir -p /etc/service
ln -s /usr/lib/machine/services/* /etc/service/

# Debian's daily jobs are for computers that live long.
rm -f /etc/cron.d/e2scrub_all /etc/cron.daily/*

# Manual pages are left out, but packages with alternatives (Java, editors) expect their folders.
for section in 1 2 3 4 5 6 7 8; do mkdir -p "/usr/share/man/man$section"; done

apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/lib/dpkg/*-old /var/log/*.log /var/log/apt/* /tmp/*
: > /etc/machine-id
