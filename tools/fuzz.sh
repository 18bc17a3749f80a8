#!/usr/bin/env bash
# Runs fuzz targets one after the other, and prints what each has done.
#   fuzz.sh SECONDS [TARGET…]     SECONDS for each target; all targets when none is named
# Needs a nightly compiler and cargo-fuzz (`cargo install --locked cargo-fuzz`). What it finds on
# its way stays in fuzz/target/corpus; inputs that fail go to fuzz/artifacts/TARGET.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:?usage: fuzz.sh SECONDS [TARGET…]}
shift
targets=("$@")
if [ ${#targets[@]} = 0 ]; then
    for file in fuzz/fuzz_targets/*.rs; do targets+=("$(basename "$file" .rs)"); done
fi

# Longest input in bytes: what a target can make use of.
max_len() {
    case $1 in
        at_digest) echo 2048 ;;
        pdu) echo 300 ;;
        mail_*) echo 16384 ;;
        *) echo 4096 ;;
    esac
}

command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz
cargo +nightly fuzz build
host=$(rustc -vV | sed -n 's/^host: //p')

failed=0
printf '| target | seconds | executions | per second | edges | finds |\n|---|---|---|---|---|---|\n'
for target in "${targets[@]}"; do
    grown=fuzz/target/corpus/$target
    artifacts=fuzz/artifacts/$target
    log=fuzz/target/$target.log
    mkdir -p "$grown" "$artifacts"
    before=$(find "$artifacts" -type f | wc -l)
    "fuzz/target/$host/release/$target" "$grown" "fuzz/corpus/$target" \
        -max_total_time="$seconds" -max_len="$(max_len "$target")" -timeout=10 \
        -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix="$artifacts/" \
        >"$log" 2>&1 || failed=1
    stat() { sed -n "s/^stat::$1: *//p" "$log"; }
    took=$(sed -n 's/^Done .* in \([0-9]*\) second(s)$/\1/p' "$log")
    edges=$(grep -o 'cov: [0-9]*' "$log" | tail -1 | cut -d' ' -f2)
    finds=$(($(find "$artifacts" -type f | wc -l) - before))
    printf '| %s | %s | %s | %s | %s | %s |\n' "$target" "${took:-stopped early}" \
        "$(stat number_of_executed_units)" "$(stat average_exec_per_sec)" "${edges:-?}" "$finds"
done
[ "$failed" = 0 ] || echo "an input failed: see fuzz/artifacts and fuzz/target/*.log" >&2
exit "$failed"
