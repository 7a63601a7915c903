#!/usr/bin/env bash
# Fetches connect-go into a directory of the build tree, generates a client there and builds it.
#   tests/interop/connect_go/build.sh DIRECTORY GO-DIRECTORY
# Modules are kept in the second one.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
schema=$here/../../../schema
mkdir -p "$1/client/gen" "$2"
directory=$(cd "$1" && pwd)
modules=$(cd "$2" && pwd)
go() { "$here/../../support/go.sh" "$modules" "$@"; }

cp "$here/go.mod" "$here/client_test.go" "$directory/client"
cd "$directory/client"
go install google.golang.org/protobuf/cmd/protoc-gen-go \
    connectrpc.com/connect/cmd/protoc-gen-connect-go

# The contract names no Go package, which is a client's affair.
options=()
for proto in "$schema"/asap/v1/*.proto; do
    mapping="Masap/v1/${proto##*/}=interop/gen/asapv1"
    options+=("--go_opt=$mapping" "--connect-go_opt=$mapping")
done
PATH="$modules/bin:$PATH" protoc -I "$schema" "${options[@]}" \
    --go_out=. --go_opt=module=interop \
    --connect-go_out=. --connect-go_opt=module=interop "$schema"/asap/v1/*.proto
go test -c -o "$directory/connect_go_test" .
