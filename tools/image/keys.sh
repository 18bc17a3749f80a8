#!/usr/bin/env bash
# Who signs updates. Prints RAUC_KEY, RAUC_CERT and RAUC_KEYRING as lines for `eval`.
#
# A vendor sets the three and keeps the key elsewhere (RAUC_KEY may be a PKCS#11 URI). Without them a key
# for development is made once, under target/, which git ignores: images made with it take updates of
# this working copy alone.
#   keys.sh FOLDER
set -euo pipefail

folder=$1
if [ -n "${RAUC_KEY:-}${RAUC_CERT:-}" ]; then
    : "${RAUC_KEY:?RAUC_CERT is set and RAUC_KEY is not}"
    : "${RAUC_CERT:?RAUC_KEY is set and RAUC_CERT is not}"
    keyring=${RAUC_KEYRING:-$RAUC_CERT}
else
    RAUC_KEY=$folder/development.key.pem
    RAUC_CERT=$folder/development.cert.pem
    keyring=$RAUC_CERT
    if [ ! -s "$RAUC_KEY" ] || [ ! -s "$RAUC_CERT" ]; then
        echo "keys: making a key for development in $folder; do not ship images signed with it" >&2
        mkdir -p "$folder"
        (
            umask 077
            # RAUC wants a certificate that is its own authority, or one with a chain.
            openssl req -x509 -newkey rsa:4096 -nodes -sha256 -days 7300 \
                -subj "/O=smtp-appliance/CN=development, not for shipping" \
                -addext basicConstraints=critical,CA:TRUE \
                -keyout "$RAUC_KEY" -out "$RAUC_CERT" 2>/dev/null
        )
    fi
fi
printf 'export RAUC_KEY=%q RAUC_CERT=%q RAUC_KEYRING=%q\n' "$RAUC_KEY" "$RAUC_CERT" "$keyring"
