#!/usr/bin/env bash
# Installs what image-check and test-image need, with Debian's apt. Says nothing when all is there.
set -euo pipefail

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# command=package
needed=(genimage=genimage mcopy=mtools mkfs.vfat=dosfstools mkimage=u-boot-tools mksquashfs=squashfs-tools
    rauc=rauc sfdisk=fdisk nft=nftables systemd-analyze=systemd mmdebstrap=mmdebstrap socat=socat
    qemu-system-aarch64=qemu-system-arm qemu-aarch64-static=qemu-user-static fdtput=device-tree-compiler
    swaks=swaks arch-test=arch-test cpio=cpio depmod=kmod)
missing=()
for pair in "${needed[@]}"; do
    PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
done
if [ "${#missing[@]}" -gt 0 ]; then
    echo "installing: ${missing[*]}"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
