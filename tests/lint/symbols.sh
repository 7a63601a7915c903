#!/bin/sh
# The library exports what tests/abi/symbols.txt lists, and nothing else.
#   symbols.sh LIBRARY
set -eu
expected=$(dirname "$0")/../abi/symbols.txt

nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | LC_ALL=C sort |
    diff -u "$expected" - ||
    { echo "update tests/abi/symbols.txt and client/libasap.map together" >&2; exit 1; }
