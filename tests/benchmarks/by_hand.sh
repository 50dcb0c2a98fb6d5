#!/bin/sh
# The same launch by hand: create, clone, install, configure, load, schedule, check. What `bench launch` compares with.
# by_hand.sh NAME IMAGE PORT SERVICE_REPOSITORY CONTENT_REPOSITORY; DOCKER_HOST names the engine. Removes nothing.
set -eu
name=$1 image=$2 port=$3 service=$4 content=$5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

docker network create "$name" >/dev/null
docker run -d --name "$name" --network "$name" -p "127.0.0.1:$port:80" --restart unless-stopped \
    --memory 384m --memory-swap 384m --cpus 0.5 --pids-limit 64 --cap-drop ALL \
    --cap-add AUDIT_WRITE --cap-add CHOWN --cap-add DAC_OVERRIDE --cap-add FOWNER --cap-add FSETID --cap-add KILL \
    --cap-add NET_BIND_SERVICE --cap-add SETGID --cap-add SETUID --cap-add SYS_CHROOT \
    --security-opt no-new-privileges "$image" >/dev/null

git clone -q "$service" "$work/service"
docker cp "$work/service" "$name:/opt/service" >/dev/null
docker exec "$name" /opt/service/script/install >/dev/null 2>&1

echo '{"values": {"title": "Results board", "days": 7}}' >"$work/values.json"
docker cp "$work/values.json" "$name:/etc/values.json" >/dev/null
docker exec -e FAIRGROUND_ENV=/etc/values.json "$name" /opt/service/script/configure

git clone -q --depth 1 "$content" "$work/content"
docker exec "$name" mkdir -p /var/www/html/webcache
docker exec -i "$name" tar -xzf - -C /var/www/html/webcache <"$work/content/results.tar.gz"
docker exec "$name" chmod -R a+rX /var/www/html/webcache
docker exec "$name" sh -c "echo '*/10 * * * * root /usr/local/sbin/pull' >/etc/cron.d/pull"
docker exec -d "$name" /opt/service/script/serve

until curl -fs "http://127.0.0.1:$port/" | grep -q 'Results board'; do sleep 0.1; done
