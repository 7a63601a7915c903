#!/bin/sh
# Writes the ABI of libasap as it is now, on x86-64, for check.sh to compare with.
set -eu
cd "$(dirname "$0")/../.."

./deploy/build-deps.sh abigail-tools check libsubunit-dev
cmake --preset ci >/dev/null
cmake --build --preset ci --target asap
tests/abi/dump.sh build/ci/client/src/libasap.so >tests/abi/libasap.abi
