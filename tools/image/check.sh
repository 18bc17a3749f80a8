#!/usr/bin/env bash
# `make image-check`: everything about the image that can be checked without downloading or building it.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
fail() {
    echo "  FAILED: $*" >&2
    failed=1
}
step() { echo "$1"; }

step "shell scripts"
mapfile -t scripts < <(
    find tools/image tests/image buildroot dist overlay -type f ! -name '*.nft' -exec awk 'FNR == 1 && /^#!(\/bin\/sh|\/usr\/bin\/env bash)/ { print FILENAME }' {} +
)
target/venv/bin/shellcheck "${scripts[@]}" || fail "shellcheck"
for script in "${scripts[@]}"; do
    [ -x "$script" ] || fail "$script is not executable"
done

step "symbols of Buildroot"
release=$(sed -n 's/^BUILDROOT_VERSION = //p' buildroot/release.mk)
grep -q "^# Release: Buildroot $release " buildroot/symbols.tsv || fail "buildroot/symbols.tsv is not of $release"
symbols() { cat buildroot/configs/* buildroot/package/*/Config.in | grep -oE '\bBR2_[A-Za-z0-9_]+' | sort -u; }
ours=$(cat buildroot/package/*/Config.in | sed -n 's/^config //p')
known=$(grep -v '^#' buildroot/symbols.tsv | cut -f 1)
while read -r symbol; do
    case "$symbol" in BR2_EXTERNAL_SMTP_APPLIANCE_PATH) continue ;; esac
    grep -qxF "$symbol" <<<"$known"$'\n'"$ours" || fail "$symbol is not in buildroot/symbols.tsv"
done < <(symbols)
while read -r symbol; do
    symbols | grep -qxF "$symbol" || fail "$symbol is in buildroot/symbols.tsv and nowhere used"
done <<<"$known"
looked_up=$(grep -v '^#' buildroot/symbols.tsv | awk -F '\t' '$3 ~ /^known/ { n++ } END { print NR - n " looked up, " n " from experience" }')
echo "  $looked_up; make image compares them with Buildroot itself"
# A defconfig that says a thing twice says nothing.
twice=$(grep -oE '^(# )?BR2_[A-Za-z0-9_]+' buildroot/configs/smtp_appliance_rpi_defconfig | sed 's/^# //' | sort | uniq -d)
[ -z "$twice" ] || fail "twice in the defconfig: $twice"

step "packages of ours"
for folder in buildroot/package/*/; do
    name=$(basename "$folder")
    [ -e "$folder$name.mk" ] && [ -e "${folder}Config.in" ] || fail "$name lacks its .mk or its Config.in"
    grep -q "package/$name/Config.in" buildroot/Config.in || fail "$name is not in buildroot/Config.in"
    variable=$(tr 'a-z-' 'A-Z_' <<<"$name")
    grep -q "^${variable}_LICENSE = " "$folder$name.mk" || fail "$name says no licence"
    grep -qE '_SITE_METHOD = local' "$folder$name.mk" || [ -e "$folder$name.hash" ] || fail "$name has no digests"
done
# Every file that is downloaded has a digest.
while read -r file; do
    grep -qE "^sha256  [0-9a-f]{64}  $file\$" buildroot/package/piper-voices/piper-voices.hash || fail "$file has no digest"
done < <(grep -ohE '[a-z]+_[A-Z]+-[a-z]+-medium\.onnx(\.json)?' buildroot/package/piper-voices/piper-voices.mk | sort -u)
version=$(sed -n 's/^ESPEAK_NG_VERSION = //p' buildroot/package/espeak-ng/espeak-ng.mk)
grep -qE "^sha256  [0-9a-f]{64}  espeak-ng-$version.tar.gz\$" buildroot/package/espeak-ng/espeak-ng.hash ||
    fail "espeak-ng $version has no digest"
if command -v make >/dev/null; then
    # They are read as Buildroot reads them, with its functions played.
    for file in buildroot/external.mk buildroot/package/*/*.mk; do
        # shellcheck disable=SC2016 # they are make's
        printf 'github = x\nqstrip = $(1)\ncargo-package =\ncmake-package =\nhost-cmake-package =\ngeneric-package =\nBR2_EXTERNAL_SMTP_APPLIANCE_PATH = buildroot\nall:\n' |
            cat - "$file" | make -s -f - all >/dev/null || fail "$file is no makefile"
    done
fi

step "the card (genimage)"
input=$work/in
mkdir -p "$input/rpi-firmware/overlays"
for file in bcm2710-rpi-3-b.dtb bcm2711-rpi-4-b.dtb u-boot.bin boot.scr README.txt rootfs.squashfs \
    rpi-firmware/config.txt rpi-firmware/start.elf rpi-firmware/start4.elf rpi-firmware/overlays/disable-bt.dtbo; do
    echo stand-in >"$input/$file"
done
if buildroot/board/rpi/genimage.sh buildroot/board/rpi/genimage.cfg "$input" "$work/out" "$work/tmp" >"$work/log" 2>&1; then
    table=$(sfdisk --dump "$work/out/appliance.img")
    grep -q 'label-id: 0x534d5450' <<<"$table" || fail "the disk signature is another one"
    [ "$(grep -c '^/.*start=' <<<"$table")" = 4 ] || fail "not four partitions"
    # The environment of U-Boot lies before the first partition, in all three places that name it.
    first=$(sed -n 's/.*img1 : start= *\([0-9]*\),.*/\1/p' <<<"$table")
    [ "$first" -ge 8192 ] || fail "the first partition begins at sector $first"
    for offset in 0x100000 0x180000; do
        for file in overlay/etc/fw_env.config buildroot/board/rpi/u-boot.fragment; do
            grep -q "$offset" "$file" || fail "$file does not name U-Boot's environment at $offset"
        done
    done
    for file in CONFIG.TXT START4.ELF OVERLAYS; do
        mdir -b -i "$work/out/appliance.img@@4M" "::$file" >/dev/null 2>&1 || fail "$file is not on the FAT partition"
    done
else
    cat "$work/log"
    fail "genimage"
fi

step "U-Boot's script"
mkimage -A arm64 -T script -C none -n appliance -d buildroot/board/rpi/boot.cmd "$work/boot.scr" >/dev/null || fail "mkimage"

step "units"
root=$work/root
mkdir -p "$root/usr/lib/systemd/system" "$root/etc/systemd" "$root/usr/bin" "$root/usr/sbin" "$root/bin"
cp -a overlay/. "$root/"
# Targets and mounts they hang on: those of this machine's systemd.
cp -an /usr/lib/systemd/system/. "$root/usr/lib/systemd/system/"
for program in usr/bin/smtp-appliance usr/sbin/dropbear usr/sbin/nft usr/bin/nft usr/sbin/wpa_supplicant bin/sh bin/rm bin/chown bin/chmod usr/bin/networkctl; do
    printf '#!/bin/sh\n' >"$root/$program"
    chmod +x "$root/$program"
done
mapfile -t units < <(cd overlay/usr/lib/systemd/system && find . -maxdepth 1 -type f -printf '%P\n' | sed 's/@\.service$/@x.service/')
# It complains on standard error and still succeeds.
systemd-analyze verify --man=no --root="$root" "${units[@]}" 2>"$work/verify" || true
if [ -s "$work/verify" ]; then
    cat "$work/verify"
    fail "systemd-analyze verify"
fi
exposure=$(systemd-analyze security --offline=yes overlay/usr/lib/systemd/system/smtp-appliance.service 2>&1 |
    sed -n 's/.*Overall exposure level.*: \([0-9.]*\) .*/\1/p')
echo "  exposure of smtp-appliance.service: $exposure"
awk -v level="${exposure:-10}" 'BEGIN { exit !(level <= 2.0) }' || fail "its exposure is above 2.0"
# Each unit that is there is wanted by something, and each preset is there.
for unit in "${units[@]}"; do
    case "$unit" in *@x.service | open-ports.service | clock-save.service | data-prepare.service | reprovision.service) continue ;; esac
    grep -qx "enable $unit" overlay/usr/lib/systemd/system-preset/10-smtp-appliance.preset ||
        [ -L "overlay/usr/lib/systemd/system/local-fs.target.wants/$unit" ] || fail "nothing starts $unit"
done

step "firewall"
if command -v nft >/dev/null; then
    # Needs a network namespace of its own; where there is none the kernel is not asked.
    if unshare -n true 2>/dev/null; then
        unshare -n nft --check -f overlay/usr/lib/smtp-appliance/firewall.nft || fail "firewall.nft"
    fi
else
    echo "  not checked: no nft here"
fi

step "updates (RAUC)"
if command -v rauc >/dev/null; then
    tests/image/bundle.sh || fail "bundles"
else
    echo "  not checked: no rauc here"
fi

step "policy of the bus"
for policy in overlay/etc/dbus-1/system.d/*.conf; do
    python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$policy" || fail "$policy"
done

step "pins"
# The firmware sets each pin of hardware/pins.tsv as that says, and no other.
while IFS=$'\t' read -r name gpio _ direction start _; do
    case "$name $start" in '#'* | *' -') continue ;; esac
    case "$direction $start" in
    'out low') wanted='op,dl' ;;
    'in up') wanted='ip,pu' ;;
    'in down') wanted='ip,pd' ;;
    *) fail "$name: $direction and $start is not known" ;;
    esac
    grep -qE "^gpio=([0-9]+,)*$gpio(,[0-9]+)*=$wanted\$" buildroot/board/rpi/config.txt || fail "config.txt does not set $name (GPIO $gpio)"
    echo "$gpio" >>"$work/gpios"
done <hardware/pins.tsv
[ "$(sort -n "$work/gpios" | uniq -d)" = "" ] || fail "a pin is used twice"
[ "$(grep -E '^gpio=' buildroot/board/rpi/config.txt | sed 's/=[^=]*$//; s/gpio=//' | tr ',' '\n' | sort -n)" = "$(sort -n "$work/gpios")" ] ||
    fail "config.txt sets a pin that hardware/pins.tsv does not name"

step "licences"
grep -q '^license = "GPL-3.0-or-later"' Cargo.toml || fail "Cargo.toml"
grep -q 'GPL-3.0-or-later' buildroot/package/smtp-appliance/smtp-appliance.mk || fail "smtp-appliance.mk"
grep -q '^License: GPL-3.0-or-later' dist/debian/copyright || fail "dist/debian/copyright"

step "drawings"
for drawing in hardware/*.svg; do
    python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$drawing" || fail "$drawing"
done

[ "$failed" = 0 ] || exit 1
echo "the image's texts are in order"
