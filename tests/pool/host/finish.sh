#!/bin/sh
# Makes of the machine image what Debian puts on a server, as far as hosts of a pool need it. Runs as root in it.
set -eu
apt-get update -q
apt-get install -q -y --no-install-recommends nftables
apt-get clean
rm -rf /stand-in /var/lib/apt/lists/*
