#!/usr/bin/env bash
# What takes too long for every change: two million lives of keys, fuzzing, ten times the kills of
# asapd that every change has to survive, and the README's commands on a bare Debian. Run it before
# a release.
#   tests/long.sh [FUZZ-SECONDS]    seconds for each fuzz target, 300 by default
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-300}
./deploy/build-deps.sh check libsubunit-dev clang libclang-rt-14-dev debootstrap \
    python3-venv

cmake --preset ci
cmake --build --preset ci --target asap_simulation
build/ci/tests/simulation/asap_simulation --seed "$(date +%Y%m%d)" --schedules 2000000

# The libraries count, too, where a fuzz target gets to: fuzzer-no-link instruments all code.
cmake --preset ci-clang -B build/fuzz -DASAP_FUZZ=ON \
    -DASAP_SANITIZERS=address,undefined,fuzzer-no-link
cmake --build build/fuzz
for target in build/fuzz/tests/fuzz/*_fuzz; do
    name=$(basename "$target" _fuzz)
    mkdir -p "build/fuzz/corpus/$name"
    "$target" -max_total_time="$seconds" -print_final_stats=1 \
        "build/fuzz/corpus/$name" "tests/fuzz/corpus/$name"
done

cmake --preset asan
cmake --build --preset asan --target asapd_shifted asapctl_shifted verifier_shifted
ASAP_CHAOS_CYCLES=500 ctest --test-dir build/asan --verbose --no-tests=error --timeout 7200 \
    -R '^(integration/chaos|interop/python_install|interop/chaos)$'

./tests/deploy/container.sh
./tests/bare-debian.sh
