#!/usr/bin/env bash
# Builds optimised with gcc and with clang, every warning an error, and with the thread sanitizer,
# and runs the unit tests and the simulation of each; the first is also held against the library's
# ABI and the instructions that hot paths took before, and with the thread sanitizer the real
# programs run their integration tests as well.
set -euo pipefail
cd "$(dirname "$0")/.."

./tests/deps.sh clang libclang-rt-14-dev abigail-tools valgrind

# Address space layout that this sanitizer cannot follow is turned off where that is allowed.
no_aslr=""
if setarch -R true 2>/dev/null; then no_aslr="setarch -R"; fi

build_and_test() {
    local preset=$1 tests=$2
    shift 2
    cmake --preset "$preset" >/dev/null
    cmake --build --preset "$preset"
    "$@" ctest --test-dir "build/$preset" --output-on-failure --no-tests=error -j "$(nproc)" \
        -R "^($tests)/"
}

build_and_test ci 'unit|fuzz|simulation|abi|manual' env
ctest --test-dir build/ci --output-on-failure --no-tests=error -R '^instructions/'
build_and_test ci-clang 'unit|fuzz|simulation|manual' env
# shellcheck disable=SC2086 # two words or none
build_and_test tsan 'unit|fuzz|simulation|integration' env TSAN_OPTIONS=halt_on_error=1 $no_aslr
