#!/usr/bin/env bash
# Has the kernel run programs for 64-bit ARM by way of qemu-user, in other roots too.
set -euo pipefail

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
missing=()
for pair in qemu-aarch64-static=qemu-user-static arch-test=arch-test; do
    command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
done
if [ "${#missing[@]}" -gt 0 ]; then
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
if [ ! -e /proc/sys/fs/binfmt_misc/register ]; then
    as_root mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
fi
if [ ! -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ]; then
    as_root /usr/lib/systemd/systemd-binfmt
fi
