#!/bin/sh
# What a program was compiled against is still there, as it was: no function of the library is gone
# or has another type, and no public struct or enum has changed. More functions are fine.
#   check.sh LIBRARY
set -eu
cd "$(dirname "$0")/../.."

dump=tests/abi/libasap.abi
if ! grep -q "architecture='elf-amd-x86_64'" "$dump" || [ "$(uname -m)" != x86_64 ]; then
    echo "$dump is of another architecture than this machine's"
    exit 77
fi
now=$(mktemp)
trap 'rm -f "$now"' EXIT
tests/abi/dump.sh "$1" >"$now"
status=0
abidiff --no-added-syms --suppressions tests/abi/libasap.suppr "$dump" "$now" || status=$?
[ "$status" -eq 0 ] || {
    echo "the ABI of libasap has changed: undo that; or, for a release that breaks it, raise" \
        "SOVERSION in client/src/CMakeLists.txt and run tests/abi/update.sh" >&2
    exit 1
}
