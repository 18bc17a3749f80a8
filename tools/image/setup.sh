#!/usr/bin/env bash
# Installs what image-check, test-boot and test-image need, with Debian's apt. Says nothing when all is there.
#   setup.sh check            for image-check
#   setup.sh boot             for test-boot too: QEMU
#   setup.sh test             for test-image too: what makes a root file system
set -euo pipefail

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# command=package
check=(genimage=genimage mcopy=mtools mkfs.vfat=dosfstools mkimage=u-boot-tools rauc=rauc mksquashfs=squashfs-tools
    sfdisk=fdisk nft=nftables systemd-analyze=systemd openssl=openssl)
boot=("${check[@]}" qemu-system-aarch64=qemu-system-arm fdtput=device-tree-compiler cpio=cpio mke2fs=e2fsprogs python3=python3)
test=("${boot[@]}" mmdebstrap=mmdebstrap qemu-aarch64-static=qemu-user-static arch-test=arch-test depmod=kmod)

case "${1:-test}" in
check) needed=("${check[@]}") ;;
boot) needed=("${boot[@]}") ;;
test) needed=("${test[@]}") ;;
*)
    echo "setup: unknown part $1" >&2
    exit 2
    ;;
esac
missing=()
for pair in "${needed[@]}"; do
    PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
done
if [ "${#missing[@]}" -gt 0 ]; then
    echo "installing: ${missing[*]}"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
