#!/usr/bin/env bash
# Runs the go command with everything that it keeps in one directory. Where the machine's Go is
# older than what the modules of the tests ask for, that one fetches a newer Go as a module.
#   tests/support/go.sh DIRECTORY ARGUMENT...
set -euo pipefail

newer=1.26.8

mkdir -p "$1"
directory=$(cd "$1" && pwd)
shift
export GOPATH="$directory" GOMODCACHE="$directory/modules" GOCACHE="$directory/cache"
export GOBIN="$directory/bin" GOFLAGS="-mod=mod -modcacherw" GOTOOLCHAIN=local GOENV=off

go=$(command -v go) || {
    echo "go.sh: there is no go; run deploy/build-deps.sh golang-go" >&2
    exit 1
}

# The files of a module are not executable, and no file of a module but the first is named go.mod.
unpack_toolchain() {
    "$go" mod download "golang.org/toolchain@$1"
    chmod +x "$2"/bin/* "$2"/pkg/tool/*/*
    cp "$2/src/_go.mod" "$2/src/go.mod"
    cp "$2/src/cmd/_go.mod" "$2/src/cmd/go.mod"
}

if ! printf 'go%s\n' "$newer" "$("$go" env GOVERSION | sed 's/^go//')" | sort -V -C; then
    version=v0.0.1-go$newer.$("$go" env GOOS)-$("$go" env GOARCH)
    root=$GOMODCACHE/golang.org/toolchain@$version
    [ -f "$root/src/cmd/go.mod" ] || (cd "$directory" && unpack_toolchain "$version" "$root")
    go=$root/bin/go
    unset GOROOT
fi
exec "$go" "$@"
