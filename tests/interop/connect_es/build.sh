#!/bin/sh
# Fetches connect-es into a directory of the build tree and generates a client there.
#   tests/interop/connect_es/build.sh DIRECTORY
set -eu

here=$(cd "$(dirname "$0")" && pwd)
schema=$here/../../../schema
directory=$1

command -v npm >/dev/null || {
    echo "connect_es: there is no npm; run deploy/build-deps.sh nodejs npm" >&2
    exit 1
}
mkdir -p "$directory"
if ! cmp -s "$here/package.json" "$directory/installed.json"; then
    cp "$here/package.json" "$directory/package.json"
    npm install --prefix "$directory" --cache "$directory/cache" --no-package-lock --no-audit \
        --no-fund --loglevel error
    cp "$here/package.json" "$directory/installed.json"
fi
rm -rf "$directory/gen"
mkdir "$directory/gen"
protoc --plugin="protoc-gen-es=$directory/node_modules/.bin/protoc-gen-es" \
    --es_out="$directory/gen" --es_opt=target=js,import_extension=js -I "$schema" \
    "$schema"/asap/v1/*.proto "$schema"/google/rpc/*.proto
cp "$here/client_test.mjs" "$directory"
