#!/bin/sh
# After all packages are in TARGET_DIR, before the root file system is made of it.
set -eu

target=$1
here=$(dirname "$0")
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$here/../../../Cargo.toml" | head -n 1)

# Which version this is: `mark-good` and the console read it.
cat >"$target/etc/os-release" <<EOF
NAME="SMTP appliance"
ID=smtp-appliance
ID_LIKE=buildroot
VERSION_ID="$version"
PRETTY_NAME="SMTP appliance $version"
EOF

# Whose updates are taken. Made by `make image`, or given to it; the private key stays outside.
install -D -m 0644 "${RAUC_KEYRING:?is set by tools/image/build.sh}" "$target/etc/rauc/keyring.pem"

# Read-only root: what is written lies elsewhere.
ln -sfn /data/system/localtime "$target/etc/localtime"
ln -sfn /run/systemd/resolve/resolv.conf "$target/etc/resolv.conf"
rm -f "$target/etc/dropbear"
: >"$target/etc/machine-id"
mkdir -p "$target/data" "$target/boot/firmware" "$target/etc/smtp-appliance" \
    "$target/etc/systemd/network" "$target/etc/wpa_supplicant" "$target/root/.ssh"

# The package that starts SSH is ours; that of dropbear would listen with passwords.
rm -f "$target/usr/lib/systemd/system/dropbear.service" "$target/etc/systemd/system/multi-user.target.wants/dropbear.service"
# The mounts are units, and Buildroot's line for /boot would be one too many.
printf '/dev/root / auto ro 0 1\n' >"$target/etc/fstab"

# Nobody has a password.
sed -i 's/^\([^:]*\):[^:!*]*:/\1:!:/' "$target/etc/shadow"

install -D -m 0644 "$here/../../../config.example.toml" "$target/usr/share/doc/smtp-appliance/config.example.toml"
