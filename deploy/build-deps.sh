#!/bin/sh
# Installs the Debian packages that building asapd takes. Needs root, or sudo.
#   deploy/build-deps.sh [PACKAGE ...]    these too
set -eu

packages="build-essential cmake ninja-build pkgconf libmicrohttpd-dev libgnutls28-dev libssl-dev
          libsqlite3-dev libpq-dev libjansson-dev libcurl4-openssl-dev libprotobuf-c-dev libprotobuf-dev
          protobuf-c-compiler zlib1g-dev scdoc python3"

missing=""
for package in $packages "$@"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
        missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "build-deps: run this as root: apt-get install$missing" >&2
        exit 1
    }
    as_root="sudo"
fi
echo "build-deps: installing$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 # one word a package
if ! { $as_root apt-get update && $as_root apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "build-deps: apt-get failed; mend that and run this again" >&2
    exit 1
fi
