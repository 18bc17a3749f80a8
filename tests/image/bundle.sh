#!/usr/bin/env bash
# Update bundles: a good one is taken; one that is not signed by us, one that was tampered with, one for
# another machine, are refused. With the keys, the script and the settings of the image.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
eval "$(tools/image/keys.sh "$work/ours")"
ours_key=$RAUC_KEY ours_cert=$RAUC_CERT
unset RAUC_KEY RAUC_CERT RAUC_KEYRING
eval "$(tools/image/keys.sh "$work/theirs")"
theirs_key=$RAUC_KEY theirs_cert=$RAUC_CERT

head -c 4194304 /dev/urandom >"$work/rootfs.squashfs"
bundle() { # KEY CERT NAME
    RAUC_KEY=$1 RAUC_CERT=$2 buildroot/board/rpi/bundle.sh "$work/rootfs.squashfs" 9.9.9 "$work/$3" >/dev/null 2>&1
}
taken() { rauc --keyring="$ours_cert" info "$work/$1" >"$work/said" 2>&1; }
expect() { # taken|refused NAME WHAT
    if taken "$2"; then was=taken; else was=refused; fi
    [ "$was" = "$1" ] || {
        cat "$work/said"
        echo "  $3 was $was" >&2
        exit 1
    }
    echo "  $3: $1"
}

bundle "$ours_key" "$ours_cert" good.raucb
bundle "$theirs_key" "$theirs_cert" theirs.raucb
expect taken good.raucb "a bundle of ours"
grep -q "smtp-appliance-rpi" "$work/said"
expect refused theirs.raucb "a bundle signed by somebody else"
# In a verity bundle the signature covers the tree of hashes; a changed block is found when it is read,
# a changed signature at once.
size=$(wc -c <"$work/good.raucb")
cp "$work/good.raucb" "$work/tampered.raucb"
printf 'XXXXXXXX' | dd of="$work/tampered.raucb" bs=1 seek=$((size - 200)) conv=notrunc status=none
expect refused tampered.raucb "a bundle with another signature"
head -c $((size / 2)) "$work/good.raucb" >"$work/half.raucb"
expect refused half.raucb "half a bundle"
cp "$work/rootfs.squashfs" "$work/unsigned.raucb"
expect refused unsigned.raucb "a file that is no bundle"
