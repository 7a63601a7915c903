#!/usr/bin/env bash
# Builds optimised with gcc and with clang, every warning an error, and with the thread sanitizer,
# and runs the unit tests and the simulation of each; the first is also held against the library's
# ABI and against the instructions that its hot paths took before.
set -euo pipefail
cd "$(dirname "$0")/.."

./deploy/build-deps.sh check libsubunit-dev clang libclang-rt-14-dev curl openssl abigail-tools mandoc valgrind

# Address space layout that this sanitizer cannot follow is turned off where that is allowed.
no_aslr=""
if setarch -R true 2>/dev/null; then no_aslr="setarch -R"; fi

build_and_test() {
    local preset=$1
    shift
    cmake --preset "$preset" >/dev/null
    cmake --build --preset "$preset"
    "$@" ctest --test-dir "build/$preset" --output-on-failure --no-tests=error \
        -R '^(unit|fuzz|simulation|abi|manual)/'
}

build_and_test ci env
ctest --test-dir build/ci --output-on-failure --no-tests=error -R '^instructions/'
build_and_test ci-clang env
# shellcheck disable=SC2086 # two words or none
build_and_test tsan env TSAN_OPTIONS=halt_on_error=1 $no_aslr
