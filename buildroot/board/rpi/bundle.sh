#!/bin/sh
# Makes a signed update bundle of a root file system.
#   bundle.sh ROOTFS VERSION BUNDLE
# RAUC_KEY and RAUC_CERT name the key and its certificate: see tools/image/keys.sh.
set -eu

rootfs=$1
version=$2
bundle=$3

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/content"
# `.img`: RAUC writes it as it is.
cp "$rootfs" "$work/content/rootfs.img"
cat >"$work/content/manifest.raucm" <<EOF
[update]
compatible=smtp-appliance-rpi
version=$version

[bundle]
format=verity

[image.rootfs]
filename=rootfs.img
EOF
rm -f "$bundle"
rauc bundle --cert "$RAUC_CERT" --key "$RAUC_KEY" "$work/content" "$bundle"
