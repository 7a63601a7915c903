#!/bin/sh
# Fetches Node's libraries into a directory of the build tree.
#   tests/interop/matrix/node/build.sh DIRECTORY
set -eu

here=$(cd "$(dirname "$0")" && pwd)
directory=$1

command -v npm >/dev/null || {
    echo "node: there is no npm; run deploy/build-deps.sh nodejs npm" >&2
    exit 1
}
mkdir -p "$directory"
if ! cmp -s "$here/package.json" "$directory/installed.json"; then
    cp "$here/package.json" "$directory/package.json"
    npm install --prefix "$directory" --cache "$directory/cache" --no-package-lock --no-audit \
        --no-fund --loglevel error
    cp "$here/package.json" "$directory/installed.json"
fi
cp "$here/client.js" "$directory"
