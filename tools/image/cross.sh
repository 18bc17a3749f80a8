#!/usr/bin/env bash
# `make cross`: the program for 64-bit ARM, with Debian's own cross compiler and libraries, in
# target/cross/aarch64-unknown-linux-gnu/release. More arguments go to cargo, in place of `build`:
#   cross.sh                         the release build
#   cross.sh test --lib              unit tests, run by qemu-user
set -euo pipefail
cd "$(dirname "$0")/../.."

target=aarch64-unknown-linux-gnu
# rustup's compiler cannot read the standard library of Debian's packages, so Debian's compiler it is.
compiler=(rustc-web cargo-web libstd-rust-web-dev libstd-rust-web-dev:arm64)
libraries=(libasound2-dev:arm64 libespeak-ng-dev:arm64)
tools=(gcc-aarch64-linux-gnu g++-aarch64-linux-gnu pkg-config qemu-user-static)

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

missing=()
for package in "${compiler[@]}" "${libraries[@]}" "${tools[@]}"; do
    dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed' || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
    echo "installing: ${missing[*]}"
    dpkg --print-foreign-architectures | grep -qx arm64 || as_root dpkg --add-architecture arm64
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

export PATH=/usr/bin:$PATH RUSTC=/usr/bin/rustc
export CARGO_TARGET_DIR=$PWD/target/cross
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
# The emulator finds its libraries by the paths of Debian's multiarch.
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER=qemu-aarch64-static
export CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc
export CXX_aarch64_unknown_linux_gnu=aarch64-linux-gnu-g++
export AR_aarch64_unknown_linux_gnu=aarch64-linux-gnu-ar
export PKG_CONFIG_ALLOW_CROSS=1
export PKG_CONFIG_LIBDIR_aarch64_unknown_linux_gnu=/usr/lib/aarch64-linux-gnu/pkgconfig

if [ $# -gt 0 ]; then
    command=$1
    shift
    exec /usr/bin/cargo "$command" --locked --target "$target" "$@"
fi
/usr/bin/cargo build --release --locked --target "$target"
ls -l "target/cross/$target/release/smtp-appliance"
