#!/bin/sh
# Installs the Debian packages that the tests take.
#   tests/deps.sh [PACKAGE ...]    these too
set -eu
cd "$(dirname "$0")/.."

./deploy/build-deps.sh check libsubunit-dev libevent-dev python3-cryptography python3-venv \
    protobuf-compiler curl openssl nginx-light haproxy iproute2 postgresql-15 sqlite3 mandoc procps \
    prometheus zsh bash-completion systemd "$@"
