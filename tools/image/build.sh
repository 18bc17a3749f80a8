#!/usr/bin/env bash
# `make image`: fetches the pinned Buildroot, builds the firmware, and leaves card image, update bundle,
# SBOM and digests in target/image. Takes some hours and 25 GB the first time.
#   build.sh [rpi|rpi3|rpi4]       one image serves both boards
set -euo pipefail
cd "$(dirname "$0")/../.."

board=${1:-rpi}
case "$board" in
rpi | rpi3 | rpi4) ;;
*)
    echo "build: no board $board: rpi3 and rpi4 take the same image" >&2
    exit 2
    ;;
esac

value() { sed -n "s/^$1 = *//p" buildroot/release.mk; }
version=$(value BUILDROOT_VERSION)
sha256=$(value BUILDROOT_SHA256)
url=$(value BUILDROOT_URL)
url=${url//\$(BUILDROOT_VERSION)/$version}
work=$PWD/target/buildroot
source=$work/buildroot-$version
out=$work/out

stop() {
    echo "build: $*" >&2
    exit 1
}

# The place.
case "$PWD" in *[[:space:]@]*) stop "Buildroot bears neither blanks nor @ in a path: $PWD" ;; esac
[ "$(id -u)" != 0 ] || echo "build: Buildroot is better not run by root" >&2
for tool in wget tar xz make gcc g++ perl python3 rsync bc cpio unzip file patch openssl zstd cargo; do
    command -v "$tool" >/dev/null || stop "$tool is missing: see the requirements in Buildroot's manual"
done
free=$(($(df --output=avail -k "$PWD" | tail -n 1) / 1048576))
[ "$free" -ge 25 ] || stop "25 GB are needed, $free are free"

# Buildroot itself, unchanged.
mkdir -p "$work"
archive=$work/buildroot-$version.tar.xz
if [ ! -s "$archive" ]; then
    echo "fetching Buildroot $version"
    wget -q --show-progress -O "$archive.part" "$url" || stop "$url cannot be fetched"
    mv "$archive.part" "$archive"
fi
echo "$sha256  $archive" | sha256sum --check --quiet ||
    stop "$archive is not the archive that buildroot/release.mk names; compare it with the signed digest beside it on Buildroot's site"
if [ ! -e "$source/Makefile" ]; then
    tar -xf "$archive" -C "$work"
fi

# Its rustc must know what the crates want.
rust=$(sed -n 's/^RUST_BIN_VERSION = //p' "$source/package/rust-bin/rust-bin.mk")
wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
[ "$(printf '%s\n%s\n' "$wanted" "$rust" | sort -V | head -n 1)" = "$wanted" ] ||
    stop "Buildroot $version has Rust $rust, and $wanted is wanted"

# The sources with their crates: nothing is downloaded for them inside the build.
sources=$work/smtp-appliance
rm -rf "$sources.new"
mkdir -p "$sources.new"
git ls-files -z | rsync -a --from0 --files-from=- --exclude=/buildroot --exclude=/hardware ./ "$sources.new/"
(
    cd "$sources.new"
    mkdir -p .cargo
    cargo vendor --locked --quiet vendor >.cargo/config.toml
)
# `rsync -c` keeps the times of what did not change, and so the build.
mkdir -p "$sources"
rsync -ac --delete "$sources.new/" "$sources/"
rm -rf "$sources.new"

eval "$(tools/image/keys.sh "$work/keys")"
export SMTP_APPLIANCE_SOURCE_DIR=$sources
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH

# The defconfig, with the kernel that Buildroot's own configuration of the board has (the commit whose
# digest it ships).
kernel=$(grep '^BR2_LINUX_KERNEL_CUSTOM_TARBALL_LOCATION=' "$source/configs/raspberrypi4_64_defconfig") ||
    stop "Buildroot's raspberrypi4_64_defconfig names no kernel any more: adapt the defconfig"
headers=$(grep '^BR2_PACKAGE_HOST_LINUX_HEADERS_CUSTOM_' "$source/configs/raspberrypi4_64_defconfig") ||
    stop "Buildroot's raspberrypi4_64_defconfig names no kernel headers any more: adapt the defconfig"
grep -v '^BR2_PACKAGE_HOST_LINUX_HEADERS_CUSTOM_' buildroot/configs/smtp_appliance_rpi_defconfig >"$work/defconfig"
printf '%s\n%s\n' "$kernel" "$headers" >>"$work/defconfig"

make -C "$source" O="$out" BR2_EXTERNAL="$PWD/buildroot" BR2_DL_DIR="$work/dl" \
    BR2_DEFCONFIG="$work/defconfig" defconfig

# A symbol that Buildroot does not know (any more) is dropped without a word: not here.
tools/image/lost-symbols.sh "$work/defconfig" "$out/.config" ||
    stop "Buildroot did not take these lines; see buildroot/symbols.tsv for where they were defined"

make -C "$source" O="$out" source
make -C "$source" O="$out"

# What is in it, in CycloneDX, and under which licences.
make -s -C "$source" O="$out" show-info >"$out/images/show-info.json"
(cd "$source" && utils/generate-cyclonedx) <"$out/images/show-info.json" >"$out/images/sbom.cdx.json"
make -C "$source" O="$out" legal-info

mkdir -p target/image
cp "$out"/images/smtp-appliance-*-rpi.* target/image/
cp "$out/images/sbom.cdx.json" target/image/
(cd target/image && sha256sum smtp-appliance-*-rpi.img.zst smtp-appliance-*-rpi.raucb sbom.cdx.json >SHA256SUMS)
ls -l target/image
