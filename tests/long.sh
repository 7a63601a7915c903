#!/usr/bin/env bash
# What takes too long for every change. Run it before a release; it prints how long each part took
# and its figures.
#   tests/long.sh [PART ...]    these only; each is a function below
#
#   ASAP_FUZZ_SECONDS     for each fuzz target; 300 unless set
#   ASAP_SOAK_SECONDS     600 unless set
#   ASAP_CHAOS_CYCLES     how often asapd is killed; 500 unless set, a fifth of it in cluster
set -euo pipefail
cd "$(dirname "$0")/.."

# Two million lives of keys, chosen by the date.
simulation() {
    cmake --preset ci >/dev/null
    cmake --build --preset ci --target asap_simulation
    build/ci/tests/simulation/asap_simulation --seed "$(date +%Y%m%d)" --schedules 2000000
}

fuzz() {
    ./tests/fuzz.sh "${ASAP_FUZZ_SECONDS:-300}"
}

# The unit tests again, optimised, with each access to memory and each block watched.
memory() {
    cmake --preset ci -B build/valgrind -DASAP_UNIT_TEST_TIMEOUT=3600 \
        "-DCMAKE_CROSSCOMPILING_EMULATOR=valgrind;-q;--error-exitcode=99;--leak-check=full;--errors-for-leak-kinds=definite" \
        >/dev/null
    cmake --build build/valgrind
    ctest --test-dir build/valgrind --output-on-failure --no-tests=error -j "$(nproc)" -R '^unit/'
}

coverage() {
    ./tests/coverage.sh
}

# asapd is killed again and again while libasap, and then the Python library, verify its tokens.
kills() {
    cmake --preset asan >/dev/null
    cmake --build --preset asan --target asapd_shifted asapctl_shifted verifier_shifted
    ASAP_CHAOS_CYCLES="${ASAP_CHAOS_CYCLES:-500}" ctest --test-dir build/asan --verbose \
        --no-tests=error --timeout 7200 -R '^(integration/chaos_test|interop/python_install|interop/chaos)$'
}

# Three of them on one database are killed and cut off; each time takes seconds.
cluster() {
    cmake --preset asan >/dev/null
    cmake --build --preset asan --target asapd_shifted asapctl_shifted verifier_shifted
    ASAP_CHAOS_CYCLES=$((${ASAP_CHAOS_CYCLES:-500} / 5)) ctest --test-dir build/asan --verbose \
        --no-tests=error --timeout 7200 -R '^integration/cluster_test$'
}

soak() {
    cmake --preset ci >/dev/null
    cmake --build --preset ci --target asapd_shifted asapctl_shifted
    ASAP_BUILD_DIR="$PWD/build/ci" ./tests/soak/soak.py "${ASAP_SOAK_SECONDS:-600}"
}

# The image of deploy/container, built and run.
container() {
    ./tests/deploy/container.sh
}

# The README's commands as a newcomer types them.
bare() {
    ./tests/bare-debian.sh
}

parts=("$@")
[ $# -gt 0 ] || parts=(simulation fuzz memory coverage kills cluster soak container bare)
./tests/deps.sh clang libclang-rt-14-dev valgrind debootstrap
for part in "${parts[@]}"; do
    SECONDS=0
    echo "long: $part"
    "$part"
    echo "long: $part passed in $SECONDS s"
done
