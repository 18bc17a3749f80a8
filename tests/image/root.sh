#!/usr/bin/env bash
# Makes the root file system for the tests: Debian's packages for 64-bit ARM where the image has
# Buildroot's, and over them the image's own overlay, users, presets and post-build script, and the
# program. Leaves in the folder: rootfs.squashfs, initrd.img, and what kernel.sh leaves.
#   root.sh FOLDER BINARY
set -euo pipefail
cd "$(dirname "$0")/../.."

folder=$1
binary=$2
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

packages=(systemd-sysv udev dbus systemd-resolved kmod iproute2 nftables chrony dropbear-bin e2fsprogs fdisk
    mount hostname netcat-openbsd libasound2 libespeak-ng1 rauc rauc-service libubootenv-tool ca-certificates busybox-static)
# What the raspi3b machine of QEMU and the units need; what they depend on comes along.
modules=(autofs4 squashfs ext4 vfat nls_cp437 nls_iso8859-1 nls_ascii bcm2835 sdhci-iproc mmc_block dwc2 cdc_ether rndis_host
    nf_tables nft_ct nft_limit snd-usb-audio loop dm-verity bcm2835-rng bcm2835_wdt i6300esb
    virtio_blk virtio_net virtio_pci)

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# Programs for ARM run by way of qemu-user while the packages are unpacked.
tests/image/emulate.sh

# Debian's part changes rarely and takes minutes: it is kept.
key=$(printf '%s\n' "${packages[@]}" | sha256sum | cut -c 1-12)
base=$folder/base-$key.tar
if [ ! -s "$base" ]; then
    echo "unpacking Debian's packages for ARM, some minutes"
    rm -f "$folder"/base-*.tar
    as_root mmdebstrap --quiet --format=tar --architectures=arm64 --variant=minbase --include="$(
        IFS=,
        echo "${packages[*]}"
    )" \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --dpkgopt='path-exclude=/usr/share/doc/*' bookworm "$base.part"
    as_root mv "$base.part" "$base"
fi

tests/image/kernel.sh "$folder"
release=$(basename "$folder"/kernel/lib/modules/*)
PATH=$PATH:/usr/sbin:/sbin
depmod -b "$folder/kernel" "$release"

root=$folder/root
as_root rm -rf "$root"
mkdir -p "$root"
as_root tar -xf "$base" -C "$root" --exclude=./dev/*

# Modules with what they need, in the order of their loading.
list=$folder/modules.list
: >"$list"
for module in "${modules[@]}"; do
    modprobe -d "$folder/kernel" -S "$release" --show-depends "$module" 2>/dev/null |
        sed -n "s|^insmod .*/lib/modules/|/lib/modules/|p" | sed 's/ *$//' >>"$list" || true
done
awk '!seen[$0]++' "$list" >"$list.once"
while read -r module; do
    as_root install -D -m 0644 "$folder/kernel$module" "$root/usr$module"
done <"$list.once"
as_root cp "$folder/kernel/lib/modules/$release/"modules.{order,builtin,builtin.modinfo} "$root/usr/lib/modules/$release/"
as_root depmod -b "$root" "$release"

# What Buildroot does with the overlay and the package, done by hand.
as_root cp -a --no-preserve=ownership overlay/. "$root/"
as_root chown -R root:root "$root/etc/rauc" "$root/usr/lib/smtp-appliance"
as_root install -m 0755 "$binary" "$root/usr/bin/smtp-appliance"
as_root mkdir -p "$root/etc/chrony"
as_root ln -sf ../chrony.conf "$root/etc/chrony/chrony.conf"
as_root sed -i 's/^user chrony$/user _chrony/' "$root/etc/chrony.conf"
printf 'g gpio 581\nu smtp-appliance 580 "SMTP appliance" /var/lib/smtp-appliance\n' |
    as_root systemd-sysusers --root="$root" -
as_root systemd-sysusers --root="$root" smtp-appliance.conf
eval "$(tools/image/keys.sh "$folder/keys")"
as_root env RAUC_KEYRING="$RAUC_KEYRING" buildroot/board/rpi/post-build.sh "$root"
as_root rm -f "$root"/etc/systemd/system/*.wants/* "$root/etc/hostname"
echo smtp-appliance | as_root tee "$root/etc/hostname" >/dev/null
as_root systemctl --root="$root" --quiet preset-all 2>/dev/null

# Where this machine is not a Pi. Its pins are reached by /dev/mem, as Debian's kernel has no gpiomem; and a
# program that does not say when it is ready cannot be waited for.
as_root mkdir -p "$root/etc/systemd/system/smtp-appliance.service.d"
{
    echo '[Service]'
    if ! grep -aq NOTIFY_SOCKET "$binary"; then
        echo 'Type=exec'
        echo 'WatchdogSec=0'
    fi
    echo 'AmbientCapabilities=CAP_SYS_RAWIO'
    echo 'CapabilityBoundingSet=CAP_SYS_RAWIO'
    echo 'DeviceAllow=/dev/mem rw'
} | as_root tee "$root/etc/systemd/system/smtp-appliance.service.d/test.conf" >/dev/null
# A card that lets nobody write: QEMU takes none, so the kernel is told.
as_root mkdir -p "$root/etc/systemd/system/data-prepare.service.d"
as_root tee "$root/etc/systemd/system/data-prepare.service.d/test.conf" >/dev/null <<'EOF'
[Service]
ExecStartPre=-/bin/sh -c 'if grep -q test.locked /proc/cmdline; then echo 1 >/sys/block/mmcblk0/force_ro; fi'
EOF
echo 'KERNEL=="mem", GROUP="gpio", MODE="0660"' | as_root tee "$root/etc/udev/rules.d/90-test.rules" >/dev/null
# A console to look in by, on the second serial line.
as_root mkdir -p "$root/etc/systemd/system/getty.target.wants"
as_root install -m 0644 tests/image/peek.service "$root/etc/systemd/system/peek.service"
as_root ln -sf ../peek.service "$root/etc/systemd/system/getty.target.wants/peek.service"

as_root mksquashfs "$root" "$folder/rootfs.squashfs" -noappend -quiet -comp zstd -Xcompression-level 3 -no-progress
as_root chown "$(id -u)" "$folder/rootfs.squashfs"

# The initramfs only finds the root: the Pi's kernel has all of that built in.
early=$folder/early
rm -rf "$early"
mkdir -p "$early"/{bin,dev,proc,sys,root}
cp "$folder/busybox" "$early/bin/busybox"
ln -s busybox "$early/bin/sh"
: >"$early/modules"
for module in squashfs ext4 bcm2835 sdhci-iproc mmc_block bcm2835_wdt virtio_blk virtio_pci; do
    modprobe -d "$folder/kernel" -S "$release" --show-depends "$module" 2>/dev/null |
        sed -n 's|^insmod .*/lib/modules/|/lib/modules/|p' | sed 's/ *$//' >>"$early/modules"
done
awk '!seen[$0]++' "$early/modules" >"$early/modules.once"
while read -r module; do install -D -m 0644 "$folder/kernel$module" "$early$module"; done <"$early/modules.once"
install -m 0755 tests/image/init "$early/init"
(cd "$early" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$folder/initrd.img"
echo "root file system: $(($(wc -c <"$folder/rootfs.squashfs") / 1000000)) MB"
