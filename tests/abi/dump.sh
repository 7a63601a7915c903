#!/bin/sh
# Writes the ABI of the library as XML: its functions and the public types that they have to do with.
#   dump.sh LIBRARY
set -eu
cd "$(dirname "$0")/../.."

abidw --headers-dir client/include/asap --drop-private-types --exported-interfaces-only \
    --no-elf-needed --no-corpus-path --no-comp-dir-path --no-show-locs --type-id-style hash "$1" |
    sed "s|path='$PWD/|path='|"
