#!/usr/bin/env bash
# Says which lines of a defconfig did not survive, and fails if there are any.
#   lost-symbols.sh DEFCONFIG DOT_CONFIG
set -euo pipefail

lost=0
while IFS= read -r line; do
    case "$line" in
    BR2_*=*) wanted=$line ;;
    '# BR2_'*' is not set')
        # Off is off, whether the symbol says so or is not there.
        symbol=${line#\# }
        symbol=${symbol% is not set}
        if grep -q "^$symbol=y" "$2"; then
            echo "lost: $line"
            lost=1
        fi
        continue
        ;;
    *) continue ;;
    esac
    # An empty text is as good as one that is not there.
    case "$wanted" in *'=""') continue ;; esac
    if ! grep -qxF "$wanted" "$2"; then
        echo "lost: $wanted"
        lost=1
    fi
done <"$1"
exit "$lost"
