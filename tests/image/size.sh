#!/usr/bin/env bash
# How large the card's image becomes, packed as buildroot/board/rpi/post-image.sh does, with the root of the
# tests, its kernel in it, and one Piper voice. Firmware and device trees of the Pi are not in it.
#   size.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/../.."

parts=${1:-target/image-test}
voices=target/voices
[ -e "$voices" ] || {
    echo "size: no voice in $voices; make voice" >&2
    exit 1
}
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
work=$(mktemp -d)
trap 'as_root rm -rf "$work"' EXIT
mkdir -p "$work/in/rpi-firmware" "$work/extra/boot" "$work/extra/usr/share/smtp-appliance/voices"
cp -L "$voices"/*.onnx "$voices"/*.onnx.json "$work/extra/usr/share/smtp-appliance/voices/"
cp "$parts/Image" "$work/extra/boot/Image"
as_root cp -a "$parts/root" "$work/root"
as_root cp -r "$work/extra/." "$work/root/"
as_root mksquashfs "$work/root" "$work/in/rootfs.squashfs" -noappend -quiet -comp zstd -no-progress
cp "$parts/board.dtb" "$work/in/"
cp buildroot/board/rpi/{config.txt,cmdline.txt} "$work/in/rpi-firmware/"
buildroot/board/rpi/genimage.sh buildroot/board/rpi/genimage.cfg "$work/in" "$work/out" "$work/tmp" >/dev/null 2>&1
zstd -q -T0 -19 "$work/out/appliance.img" -o "$work/appliance.img.zst"
mb() { echo $(($(stat -c %s "$1") / 1000000)); }
echo "  with one voice of $(mb "$(find "$work/extra" -name '*.onnx' | head -n 1)") MB: root $(mb "$work/in/rootfs.squashfs") MB, card image $(mb "$work/appliance.img.zst") MB compressed"
[ "$(mb "$work/appliance.img.zst")" -le 300 ]
