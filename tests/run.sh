#!/usr/bin/env bash
# Installs what the tests need from Debian, builds with the address and undefined-behaviour
# sanitizers, and runs every test. Arguments go to ctest: tests/run.sh -R unit/core
set -euo pipefail
cd "$(dirname "$0")/.."

./tests/deps.sh
command -v npm >/dev/null || ./deploy/build-deps.sh nodejs npm
command -v go >/dev/null || ./deploy/build-deps.sh golang-go
command -v javac >/dev/null || ./deploy/build-deps.sh default-jdk-headless
command -v mvn >/dev/null || ./deploy/build-deps.sh maven

cmake --preset asan
cmake --build --preset asan
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0
export UBSAN_OPTIONS=print_stacktrace=1
ctest --test-dir build/asan --output-on-failure --no-tests=error -j "$(nproc)" "$@"
