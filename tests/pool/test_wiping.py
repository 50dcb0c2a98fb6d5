"""After a machine its host is what it was before, or nobody gets it."""

import pytest

from provisioning.driver import MachineSpec, Seen
from provisioning.errors import TryAgain
from provisioning.ssh import Login, SshRemote
from provisioning.step import RemoteJob
from tests.engine import wait_for
from tests.pool.conftest import WITHIN, Portal, computer_of
from tests.pool.hosts import Computer, Room

pytestmark = pytest.mark.engine

PLANTED = """
set -e
mkdir -p /srv/app /home/old/deep /var/lib/app && echo secret | tee /srv/app/a /home/old/deep/b /var/lib/app/c /tmp/d /dev/shm/e
cp /bin/sleep /usr/local/bin/helper && chmod 4755 /usr/local/bin/helper
cp /bin/sleep /usr/bin/other
useradd -m mallory && echo 'mallory ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/mallory
echo '* * * * * root touch /tmp/cron' > /etc/cron.d/app && echo '@hourly true' | crontab -
echo '127.0.0.9 elsewhere' > /etc/hosts.deny && rm /etc/debian_version && chmod 777 /usr/bin/git
echo '*/10 * * * * root true' > /etc/cron.d/fairground-end && mkdir -p /etc/systemd/system/timers.target.wants
echo '[Service]' > /etc/systemd/system/fairground_end.service && echo '[Timer]' > /etc/systemd/system/fairground_end.timer
ln -s /etc/systemd/system/fairground_end.timer /etc/systemd/system/timers.target.wants/
nft add table inet app
echo ssh-ed25519 AAAA >> /root/.ssh/authorized_keys
mkdir -p /etc/sv/app && printf '#!/bin/sh\\nexec sleep 900\\n' > /etc/sv/app/run && chmod 755 /etc/sv/app/run
ln -s /etc/sv/app /etc/service/app
setsid -f python3 -m http.server 4444 >/dev/null 2>&1
su mallory -c 'setsid -f sleep 901'
mkdir -p /root/deb/DEBIAN /root/deb/opt/thing /root/deb/lib/systemd/system
echo '[Service]' > /root/deb/lib/systemd/system/thing.service && echo hello > /root/deb/opt/thing/file
printf '%s\\n' 'Package: thing' 'Version: 1' 'Architecture: all' 'Maintainer: a' 'Description: x' > /root/deb/DEBIAN/control
dpkg-deb -b /root/deb /root/thing.deb && dpkg -i /root/thing.deb
"""
GONE = (
    "/srv/app /home/old /var/lib/app /tmp/d /dev/shm/e /usr/local/bin/helper /usr/bin/other /home/mallory /opt/fairground "
    "/etc/sudoers.d/mallory /etc/cron.d/app /var/spool/cron/crontabs/root /etc/sv/app /etc/service/app /root/deb /opt/thing "
    "/srv/fairground /var/lib/fairground /var/cache/fairground "
    "/etc/cron.d/fairground-end /etc/systemd/system/fairground_end.service /etc/systemd/system/fairground_end.timer "
    "/etc/systemd/system/timers.target.wants/fairground_end.timer"
)
CLEAN = f"""
test -e /etc/debian_version && test $(stat -c %a /usr/bin/git) = 755 && ! grep -q elsewhere /etc/hosts.deny
! ls -d {GONE} 2>/dev/null | grep .
! id mallory 2>/dev/null && ! grep -q AAAA$ /root/.ssh/authorized_keys
! pgrep -f '[s]leep 90|[h]ttp.server'
! grep -q ':115C ' /proc/net/tcp
! dpkg -s thing 2>/dev/null
! nft list tables | grep app
"""
LOG = "/usr/share/perl5/Debconf/Log.pm"


def left_on(computer: Computer) -> list[str]:
    """What of all that was planted is not gone: the lines that are not true."""
    return [line for line in CLEAN.strip().splitlines() if not computer.says(line)]


def test_files_cron_daemons_users_and_packages_of_a_machine_are_gone_after_it(room: Room, portal: Portal) -> None:
    spec = portal.launch()
    computer = computer_of(room, portal.see(spec))
    assert left_on(computer) == []
    computer.sh(PLANTED)
    wait_for(lambda: computer.says("pgrep -f '[s]leep 900'"), patience=15)
    assert len(left_on(computer)) == 7

    portal.end(spec)

    assert left_on(computer) == []
    assert set(portal.states().values()) == {"free"}


def test_what_a_launch_brought_in_over_its_own_login_is_gone_and_so_is_the_login(room: Room, portal: Portal) -> None:
    spec, identity = portal.spec()
    portal.driver.ensure(spec, identity, within=WITHIN)
    wait_for(lambda: portal.see(spec).seen is Seen.RUNNING)
    seen = portal.see(spec)
    assert seen.ssh
    remote = SshRemote(Login(seen.ssh, seen.host_key, identity.login_key, seen.user))
    assert remote.reach(within=WITHIN).system == "debian:12"
    remote.start(RemoteJob("install-1", ("sh", "-c", "id -u > /srv/who; setsid -f sleep 902; exec sleep 902")))
    computer = computer_of(room, seen)
    wait_for(lambda: computer.says("grep -x 0 /srv/who"))

    portal.end(spec)

    assert computer.says("! test -e /srv/who && ! pgrep -f '[s]leep 902' && ! test -e /opt/fairground")
    with pytest.raises(TryAgain, match="login-refused"):
        SshRemote(Login(seen.ssh, seen.host_key, identity.login_key, seen.user), pool=type(remote.pool)()).reach(
            within=5
        )


def test_what_cannot_be_put_back_keeps_the_host_in_quarantine_until_it_is_mended(room: Room, portal: Portal) -> None:
    spec = portal.launch()
    computer = computer_of(room, portal.see(spec))
    computer.sh(f"cp {LOG} /run/kept.pm; echo '# x' >> {LOG}")

    with pytest.raises(TryAgain, match=r"Log\.pm was changed"):
        portal.end(spec)
    assert portal.see(spec).seen is Seen.REMAINS
    assert sorted(portal.states().values()) == ["free", "quarantine"]
    with pytest.raises(TryAgain, match="host-in-quarantine"):
        portal.driver.release(computer.address, within=60)

    computer.sh(f"cp /run/kept.pm {LOG}")
    portal.driver.release(computer.address, within=60)
    assert portal.see(spec).seen is Seen.ABSENT
    assert portal.states()[computer.address] == "free"


def test_a_wipe_that_is_cut_off_goes_on(room: Room, portal: Portal) -> None:
    spec = portal.launch()
    computer = computer_of(room, portal.see(spec))
    computer.sh("echo secret | tee /srv/a /home/b /tmp/d; rm /etc/debian_version")

    assert portal.driver.remove(spec.key, within=WITHIN).seen is Seen.REMAINS
    computer.sh("pkill -9 -f '[h]ost-work'; true")
    portal.driver.remove(spec.key, within=WITHIN)
    computer.container.restart(timeout=1)
    wait_for(computer.answers)
    portal.end(spec)

    assert computer.says("! ls -d /srv/a /home/b /tmp/d 2>/dev/null | grep . && test -e /etc/debian_version")
    assert history_of(computer, spec) == ["claimed", "preparing", "in use", "wiping", "free"]


def history_of(computer: Computer, spec: MachineSpec) -> list[str]:
    """What it remembers that a machine was at there."""
    told = computer.sh("tail -5 /var/lib/fairground-host/history.jsonl").splitlines()
    return [line.split('"state": "')[1].split('"')[0] for line in told if spec.key in line and spec.owner in line]


def test_a_wipe_that_breaks_off_again_and_again_ends_in_quarantine(room: Room, portal: Portal) -> None:
    spec = portal.launch()
    computer = computer_of(room, portal.see(spec))
    computer.sh("echo > /var/lib/fairground-host/reservation/baseline/baseline.json.gz")

    with pytest.raises(TryAgain, match="broke off 8 times"):
        portal.end(spec)

    assert portal.states()[computer.address] == "quarantine"


ANEW = """
cd /var/lib/fairground-host/reservation && rm -r baseline && sed -i 's/"in use"/"preparing"/' reservation.json
/opt/fairground-host/current/onboard host-look </dev/null
"""


def test_our_own_way_in_is_no_leftover_although_it_was_closed_for_a_moment(room: Room, portal: Portal) -> None:
    spec = portal.launch()
    computer = computer_of(room, portal.see(spec))
    computer.silence()  # while it is written down what the host is like
    computer.sh(ANEW)
    wait_for(lambda: computer.says("grep -q 'in use' /var/lib/fairground-host/reservation/reservation.json"))
    computer.answer()

    portal.end(spec)

    assert set(portal.states().values()) == {"free"}
