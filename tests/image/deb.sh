#!/usr/bin/env bash
# Tries a Debian package in a Debian of its own: installed, started, updated, removed, purged. The one of this
# machine's architecture in a container that systemd boots; another by way of qemu-user, started by hand.
#   deb.sh PACKAGE
set -euo pipefail
cd "$(dirname "$0")/../.."

package=$1
architecture=$(dpkg-deb -f "$package" Architecture)
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
missing=()
command -v systemd-nspawn >/dev/null || missing+=(systemd-container)
command -v mmdebstrap >/dev/null || missing+=(mmdebstrap)
if [ "${#missing[@]}" -gt 0 ]; then
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
[ "$architecture" = "$(dpkg --print-architecture)" ] || tests/image/emulate.sh

folder=$PWD/target/deb-test
mkdir -p "$folder"
needed=$(dpkg-deb -f "$package" Depends | tr ',' '\n' | sed 's/|.*//; s/(.*)//; s/ //g' | paste -sd ,)
base=$folder/$architecture-$(sha256sum <<<"$needed" | cut -c 1-12).tar
if [ ! -s "$base" ]; then
    as_root mmdebstrap --quiet --format=tar --variant=minbase --architectures="$architecture" \
        --include="systemd-sysv,dbus,netcat-openbsd,$needed" bookworm "$base.part"
    as_root mv "$base.part" "$base"
fi
root=$folder/root-$architecture
as_root rm -rf "$root"
as_root mkdir -p "$root"
as_root tar -xf "$base" -C "$root" --exclude=./dev/*
as_root cp "$package" "$root/root/package.deb"
inside() { as_root systemd-nspawn --quiet --register=no --keep-unit --private-network --directory="$root" "$@"; }

# shellcheck disable=SC2016 # they are expanded inside
inside /bin/sh -euc '
    dpkg -i /root/package.deb >/dev/null
    smtp-appliance --version
    id smtp-appliance
    test -L /etc/systemd/system/multi-user.target.wants/smtp-appliance.service
    test "$(stat -c "%U %a" /etc/smtp-appliance)" = "smtp-appliance 750"
    if find / -xdev \( -nouser -o -nogroup \) | grep .; then exit 1; fi'

# What both trials have in common, inside.
as_root tee "$root/root/common" >/dev/null <<'EOF'
soon() { for _ in $(seq 240); do if "$@" >/dev/null 2>&1; then return; fi; sleep 0.5; done; echo "not: $*"; exit 1; }
greets() { printf 'QUIT\r\n' | nc -w 20 127.0.0.1 25 | grep '^220 '; }
configure() { printf '[[person]]\nname = "ana"\nmail = "ana@example.org"\n' >/etc/smtp-appliance/config.toml; }
takes_mail() {
    (for line in 'HELO x' 'MAIL FROM:<a@smtp.appliance>' 'RCPT TO:<ana@smtp.appliance>' DATA \
        'Subject: Problem: disk' '' . QUIT; do sleep 1; printf '%s\r\n' "$line"; done) | nc -w 60 127.0.0.1 25 | grep '^250 .*'
    smtp-appliance queue list --all | grep disk
}
EOF

if [ "$architecture" = "$(dpkg --print-architecture)" ]; then
    as_root install -m 0755 /dev/stdin "$root/root/try" <<'EOF'
#!/bin/sh
# Runs inside, once everything has started.
exec >/root/said 2>&1
set -eu
. /root/common
active() { test "$(systemctl is-active smtp-appliance)" = "$1"; }

active inactive
echo 'without a configuration: not started'
configure
systemctl start smtp-appliance
soon greets
takes_mail
user=$(stat -c %U "/proc/$(systemctl show -P MainPID smtp-appliance)")
test "$user" = smtp-appliance
systemctl reload smtp-appliance
test "$(stat -c '%U %a' /etc/smtp-appliance/config.toml)" = 'smtp-appliance 600'
echo "started, takes mail, is reloaded, runs as $user"
before=$(systemctl show -P MainPID smtp-appliance)
dpkg -i /root/package.deb >/dev/null
soon greets
test "$(systemctl show -P MainPID smtp-appliance)" != "$before"
smtp-appliance queue list --all | grep -q disk
echo 'installed over itself: started anew, and keeps what it had'
dpkg -r smtp-appliance >/dev/null
active inactive
test -e /etc/smtp-appliance/config.toml -a -d /var/lib/smtp-appliance/queue
echo 'removed: stopped, configuration and queue stay'
dpkg -P smtp-appliance >/dev/null
test ! -e /etc/smtp-appliance -a ! -e /var/lib/smtp-appliance
echo 'purged: both are gone'
echo ALL-WELL
EOF
    as_root tee "$root/etc/systemd/system/try.service" >/dev/null <<'EOF'
[Unit]
After=multi-user.target
SuccessAction=poweroff-force
FailureAction=poweroff-force
[Service]
Type=oneshot
ExecStart=/root/try
TimeoutStartSec=5min
[Install]
WantedBy=default.target
EOF
    as_root ln -sf ../try.service "$root/etc/systemd/system/multi-user.target.wants/try.service"
    inside --boot systemd.unit=multi-user.target >"$folder/console.log" 2>&1 </dev/null &
    booted=$!
    for _ in $(seq 600); do
        kill -0 "$booted" 2>/dev/null || break
        sleep 1
    done
    kill "$booted" 2>/dev/null || true
    wait "$booted" 2>/dev/null || true
    as_root cat "$root/root/said"
    as_root grep -q ALL-WELL "$root/root/said" || exit 1
else
    as_root install -m 0755 /dev/stdin "$root/try" <<'EOF'
#!/bin/sh
# Runs inside, emulated. systemd does not start there, so the program is started as its unit does.
set -eu
. /root/common
configure
chown smtp-appliance: /etc/smtp-appliance/config.toml
smtp-appliance check-config
install -d -o smtp-appliance -g smtp-appliance -m 0750 /var/lib/smtp-appliance
setpriv --reuid=smtp-appliance --regid=smtp-appliance --init-groups --no-new-privs --bounding-set=-all,+net_bind_service \
    --inh-caps=-all,+net_bind_service --ambient-caps=-all,+net_bind_service smtp-appliance run >/root/log 2>&1 &
program=$!
trap 'tail -n 20 /root/log' EXIT
soon greets
takes_mail
kill "$program"
wait "$program"
trap - EXIT
echo 'started, takes mail, and ends well when it is told to'
dpkg -r smtp-appliance >/dev/null
test -e /etc/smtp-appliance/config.toml -a -d /var/lib/smtp-appliance/queue
dpkg -P smtp-appliance >/dev/null
test ! -e /etc/smtp-appliance -a ! -e /var/lib/smtp-appliance
echo 'removed: configuration and queue stay; purged: both are gone'
EOF
    inside /try
fi
as_root rm -rf "$root"
