#!/usr/bin/env bash
# `make test-image`: everything of the image that can run here, one after the other.
#   run.sh [quick]      quick: bundles, slots, and the first start with one mail
set -euo pipefail
cd "$(dirname "$0")/../.."

quick=${1:-}
parts=target/image-test
arm=target/cross/aarch64-unknown-linux-gnu/release/smtp-appliance
began=$SECONDS
export PYTHONDONTWRITEBYTECODE=1

if [ -z "$quick" ]; then
    echo "unit tests of the ARM program, emulated"
    tools/image/cross.sh test --release --lib -- --quiet
fi
# Plays the modem.
cargo build --locked --quiet
echo "root file system"
tests/image/root.sh "$parts" "$arm"
echo "update bundles"
tests/image/bundle.sh
echo "slots"
tests/image/slots.py --parts "$parts"
echo "the system"
if [ -n "$quick" ]; then
    tests/image/run.py --parts "$parts" --only mail_to_sms
else
    tests/image/run.py --parts "$parts"
    echo "watchdog"
    tests/image/watchdog.py --parts "$parts"
    echo "size"
    tests/image/size.sh "$parts"
fi
cat <<EOF
passed in $(((SECONDS - began) / 60)) min. Not proved by this: the firmware of the GPU and config.txt, the kernel
of the Pi, Buildroot's own packages, and what a real card does with its own cache when the power goes.
EOF
