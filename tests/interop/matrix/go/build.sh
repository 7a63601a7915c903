#!/usr/bin/env bash
# Fetches both major versions of go-asap and builds a client with each in a directory of the build
# tree.
#   tests/interop/matrix/go/build.sh DIRECTORY GO-DIRECTORY
# Modules are kept in the second one.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1/v1" "$1/v2" "$2"
directory=$(cd "$1" && pwd)
modules=$(cd "$2" && pwd)

cp "$here/go.mod" "$directory"
cp "$here/client.go" "$directory/v2"
sed 's,/go-asap/v2",/go-asap",' "$here/client.go" >"$directory/v1/client.go"
cd "$directory"
for version in v1 v2; do
    "$here/../../../support/go.sh" "$modules" build -o "go_asap_$version" "./$version"
done
