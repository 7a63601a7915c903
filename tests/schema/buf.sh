#!/bin/sh
# Checks the contract with buf, which npm fetches into a directory of the build tree.
#   tests/schema/buf.sh DIRECTORY install
#   tests/schema/buf.sh DIRECTORY lint        its names and structure
#   tests/schema/buf.sh DIRECTORY breaking    that clients of the released contract go on working
#   tests/schema/buf.sh DIRECTORY release     makes the contract the released one, baseline.binpb
set -eu

version=1.75.0
directory=$1
tests=$(cd "$(dirname "$0")" && pwd)
schema=$tests/../../schema
buf=$directory/node_modules/.bin/buf
export BUF_CACHE_DIR="$directory/buf-cache"

install() {
    [ "$("$buf" --version 2>/dev/null)" != "$version" ] || return 0
    command -v npm >/dev/null || {
        echo "buf.sh: there is no npm; run deploy/build-deps.sh nodejs npm" >&2
        exit 1
    }
    npm install --prefix "$directory" --cache "$directory/cache" --no-save --no-audit --no-fund \
        --loglevel error "@bufbuild/buf@$version"
}

install
case $2 in
install) ;;
lint) "$buf" lint "$schema" ;;
breaking) "$buf" breaking "$schema" --against "$tests/baseline.binpb" ;;
release)
    "$buf" build "$schema" --path "$schema/asap" --exclude-source-info \
        --output "$tests/baseline.binpb"
    ;;
*)
    echo "buf.sh: there is no command $2" >&2
    exit 2
    ;;
esac
