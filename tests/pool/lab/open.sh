#!/bin/sh
# A place for a Cobbler: its paths are fixed, so it gets a view of the files of this computer in which they are its own.
# open.sh FOLDER PACKAGES PORT FENCE: stays until its standard input ends; nothing outside of FOLDER is written.
set -e
folder=$1 packages=$2 port=$3 fence=$4
mount --make-rprivate /
mount -t tmpfs tmpfs "$folder"
for place in etc var/lib var/log usr/sbin usr/share; do
  mkdir -p "$folder/upper/$place" "$folder/work/$place"
  mount -t overlay overlay -o "lowerdir=/$place,upperdir=$folder/upper/$place,workdir=$folder/work/$place" "/$place"
done
mkdir -p "$folder/srv/tftpboot" "$folder/srv/www/cobbler" && mount --bind "$folder/srv" /srv
cp -r "$packages/etc/cobbler" /etc/
cp -r "$packages/var/lib/cobbler" /var/lib/
cp -r "$packages/usr/share/cobbler" /usr/share/
for kind in distros profiles systems repos images mgmtclasses packages files menus; do mkdir -p "/var/lib/cobbler/collections/$kind"; done
mkdir -p /var/log/cobbler/tasks
sed -i "s/^xmlrpc_port:.*/xmlrpc_port: $port/" /etc/cobbler/settings.yaml
install -m 755 "$fence" /usr/sbin/fence_lab
echo open
cat >/dev/null
