#!/bin/sh
# Makes of the machine image what a Debian cloud image is, as far as a container can be one. Runs as root in it.
set -eu
apt-get update -q
apt-get install -q -y --no-install-recommends cloud-init openssh-server sudo
cp /stand-in/stand-in.cfg /etc/cloud/cloud.cfg.d/90-stand-in.cfg
rm -f /etc/ssh/sshd_config.d/fairground.conf /etc/ssh/ssh_host_*
rm -rf /root/.ssh
for name in boot sshd; do install -D -m 0755 "/stand-in/$name" "/usr/lib/machine/services/$name/run"; done
ln -sfn /usr/lib/machine/services/boot /etc/service/boot
cloud-init clean --logs
apt-get clean
rm -rf /stand-in /var/lib/apt/lists/*
: > /etc/machine-id
