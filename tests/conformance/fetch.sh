#!/usr/bin/env bash
# Fetches the official conformance suite of the Connect protocol with the go command, which keeps
# all in this directory, and builds its runner as bin/connectconformance. Its messages, as protoc-c
# takes them, go under proto/.
#   tests/conformance/fetch.sh DIRECTORY
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
module=connectrpc.com/conformance
version=v1.0.7

mkdir -p "$1"
cd "$1"
go() { "$here/../support/go.sh" . "$@"; }

go install "$module/cmd/connectconformance@$version"

# protoc-c knows no proto3 optional. A oneof with one field is the same on the wire and in JSON.
source=$(go env GOMODCACHE)/$module@$version/proto
for proto in config server_compat service; do
    name=connectrpc/conformance/v1/$proto.proto
    mkdir -p "proto/${name%/*}"
    sed -E 's/^( *)optional ([a-z0-9]+) ([a-z0-9_]+) = ([^;]*;)/\1oneof optional_\3 { \2 \3 = \4 }/' \
        "$source/$name" >"proto/$name"
done
