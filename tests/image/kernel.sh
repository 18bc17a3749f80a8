#!/usr/bin/env bash
# Fetches what QEMU starts in the tests, from Debian's packages for 64-bit ARM: unpacked, not installed. Leaves
# in the folder: Image, kernel/ (with its modules), board.dtb, busybox, u-boot.bin.
#   kernel.sh FOLDER
set -euo pipefail

folder=$1
mkdir -p "$folder"
cd "$folder"
# What comes last says that all is there.
if [ -s board.dtb ]; then exit 0; fi

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
echo "unpacking kernel, U-Boot and busybox"
dpkg --print-foreign-architectures | grep -qx arm64 || as_root dpkg --add-architecture arm64
as_root apt-get update -qq

unpack() { # PACKAGE INTO
    rm -rf "$2" deb
    mkdir deb
    # Root's folders are not for apt's own user.
    (cd deb && apt-get download -qq -o APT::Sandbox::User="$(id -un)" "$1:arm64")
    dpkg-deb -x deb/*.deb "$2"
    rm -r deb
}
# The package without a version names the newest one.
name=$(apt-cache depends linux-image-arm64:arm64 | sed -n 's/^ *Depends: \(linux-image-[0-9][^:]*\).*/\1/p' | head -n 1)
unpack "${name:?Debian has no kernel for arm64 in its lists}" kernel
cp kernel/boot/vmlinuz-* Image
unpack u-boot-rpi other
cp other/usr/lib/u-boot/rpi_arm64/u-boot.bin u-boot.bin
unpack busybox-static other
cp other/bin/busybox busybox
rm -r other

# The device tree, with the UART that Bluetooth has on this board (`dtoverlay=disable-bt` on a real one).
cp kernel/usr/lib/linux-image-*/broadcom/bcm2837-rpi-3-b.dtb board.part
fdtput -r board.part /soc/serial@7e201000/bluetooth
mv board.part board.dtb
