#!/usr/bin/env bash
# Fuzzes each target of tests/fuzz, two or more at a time, with the address and undefined-behaviour
# sanitizers; what was found in earlier runs is kept in build/fuzz/corpus and tried first. Prints
# how many inputs each target ran and fails on the first that breaks one.
#   tests/fuzz.sh [SECONDS]    for each target, 5 by default
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-5}
./deploy/build-deps.sh check libsubunit-dev clang libclang-rt-14-dev

# The libraries count, too, where a target gets to: fuzzer-no-link instruments all code.
cmake --preset ci-clang -B build/fuzz -DASAP_FUZZ=ON \
    -DASAP_SANITIZERS=address,undefined,fuzzer-no-link >/dev/null
mapfile -t targets < <(basename -as .c tests/fuzz/*_fuzz.c)
cmake --build build/fuzz --target "${targets[@]}"

fuzz() {
    local target=$1 name=${1%_fuzz} log=build/fuzz/$1.log
    mkdir -p "build/fuzz/corpus/$name"
    if "build/fuzz/tests/fuzz/$target" -max_total_time="$seconds" -print_final_stats=1 \
        -artifact_prefix="build/fuzz/$target-" "build/fuzz/corpus/$name" \
        "tests/fuzz/corpus/$name" >"$log" 2>&1; then
        awk -v name="$name" '/number_of_executed_units/ { print "fuzz: " name " ran " $2 " inputs" }' "$log"
    else
        tail -n 60 "$log" >&2
        echo "fuzz: $name FAILED; the input is build/fuzz/$target-*" >&2
        return 255 # ends xargs
    fi
}
export -f fuzz
export seconds
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I {} bash -c 'fuzz {}'
