#!/bin/sh
# Puts the card, the bundle and their digests together, in BINARIES_DIR.
set -eu

here=$(dirname "$0")
version=$(sed -n 's/^VERSION_ID="\(.*\)"/\1/p' "$TARGET_DIR/etc/os-release")
name=smtp-appliance-$version-rpi

cp "$here/README.txt" "$BINARIES_DIR/README.txt"
"$here/genimage.sh" "$here/genimage.cfg" "$BINARIES_DIR" "$BINARIES_DIR" "$BUILD_DIR/genimage.tmp"

"$here/bundle.sh" "$BINARIES_DIR/rootfs.squashfs" "$version" "$BINARIES_DIR/$name.raucb"

cd "$BINARIES_DIR"
zstd -q -f -T0 -19 appliance.img -o "$name.img.zst"
sha256sum "$name.img.zst" "$name.raucb" >"$name.sha256"

# A Raspberry Pi 3 has 1 GB, and the update comes over a telephone line.
size=$(($(wc -c <"$name.img.zst") / 1000000))
if [ "$size" -gt 300 ]; then
    echo "the image has $size MB, and 300 MB was the limit" >&2
    exit 1
fi
ls -l "$name".*
