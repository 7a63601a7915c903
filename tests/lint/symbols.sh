#!/bin/sh
# The library exports what tests/abi/symbols.txt (or LIST) names, and nothing else.
#   symbols.sh LIBRARY [LIST]
set -eu
expected=$(dirname "$0")/../abi/${2:-symbols.txt}

nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | LC_ALL=C sort |
    diff -u "$expected" - ||
    { echo "update tests/abi/${2:-symbols.txt} and the library's .map together" >&2; exit 1; }
