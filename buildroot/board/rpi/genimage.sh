#!/bin/sh
# Makes the card's image by genimage.cfg: by Buildroot, by the tests, and by `make image-check` with
# empty stand-ins.
#   genimage.sh CONFIG INPUT OUTPUT TEMPORARY
# INPUT holds rootfs.squashfs and what goes onto the FAT partition: *.dtb, u-boot.bin, boot.scr,
# README.txt, rpi-firmware/*, and whatever FAT_FILES names besides.
set -eu

config=$1
input=$2
output=$3
temporary=$4

files=$(
    cd "$input"
    for file in *.dtb u-boot.bin boot.scr README.txt rpi-firmware/* ${FAT_FILES:-}; do
        if [ -e "$file" ]; then printf '            "%s",\n' "$file"; fi
    done
)

rm -rf "$temporary"
mkdir -p "$temporary/root" "$output"
while IFS= read -r line; do
    if [ "$line" = "@BOOT_FILES@" ]; then printf '%s\n' "$files"; else printf '%s\n' "$line"; fi
done <"$config" >"$temporary/genimage.cfg"

genimage --loglevel 0 --rootpath "$temporary/root" --tmppath "$temporary/tmp" \
    --inputpath "$input" --outputpath "$output" --config "$temporary/genimage.cfg"
