#!/usr/bin/env bash
# From nothing to a working key repository and token service: installs what the build needs,
# builds, makes a demo directory, starts asapd, publishes keys, signs a token and verifies it, lets
# a caller have one minted, and shows what was recorded of that. Each command is printed as it runs.
#   deploy/quickstart.sh           leaves the server running
#   deploy/quickstart.sh --exit    stops it at the end; the exit status says whether all went well
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
    echo "usage: deploy/quickstart.sh [--exit]" >&2
    exit 2
}

stop_at_end=no
case "${1-}" in
"") ;;
--exit) stop_at_end=yes ;;
*) usage ;;
esac
[ $# -le 1 ] || usage

prefix=$PWD/build/quickstart
pid_file=demo/asapd.pid

say() { printf '\n# %s\n' "$*"; }
run() {
    printf '$ %s\n' "$*"
    "$@"
}
# The same of a line with redirections and pipes.
run_line() {
    printf '$ %s\n' "$1"
    eval "$1"
}

stop_server() {
    local pid
    [ -f "$pid_file" ] || return 0
    pid=$(cat "$pid_file")
    rm -f "$pid_file"
    # Another process may have got the number since.
    [ "$(readlink "/proc/$pid/exe" 2>/dev/null)" = "$prefix/sbin/asapd" ] || return 0
    kill -TERM "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
}

build() {
    cmake --preset release &&
        cmake --build --preset release &&
        cmake --install build/release --prefix "$prefix" &&
        make -C client/examples PREFIX="$prefix" BUILD="$prefix/examples"
}

start_server() {
    printf '$ %s\n' "asapd serve --config demo/asapd.conf &"
    asapd serve --config demo/asapd.conf 2>demo/asapd.log &
    echo $! >"$pid_file"
    for _ in $(seq 100); do
        grep -q 'ops listens' demo/asapd.log && break
        kill -0 "$(cat "$pid_file")" 2>/dev/null || break
        sleep 0.1
    done
    cat demo/asapd.log
    grep -q 'ops listens' demo/asapd.log
}

mkdir -p build
./deploy/build-deps.sh curl
say "Building (what the tools print is in build/quickstart.log)"
build >build/quickstart.log 2>&1 || {
    tail -n 20 build/quickstart.log >&2
    exit 1
}
PATH=$prefix/examples:$prefix/sbin:$prefix/bin:$PATH
export LD_LIBRARY_PATH=$prefix/lib

stop_server
rm -rf demo

say "A directory with everything a server needs: keys, certificate, configuration, database"
run asapd init --dir demo --demo

url=https://localhost:8443

say "The server"
start_server
trap 'test $stop_at_end = no || stop_server' EXIT
export ASAPCTL_SERVER=unix:demo/admin.sock

say "An issuer whose keys asapd holds: one signs, two stand by, already published"
run asapctl issuer create demo/service
run asapctl key list demo/service

say "A rotation: the next key takes over when every verifier can know it"
run asapctl key rotate demo/service
run asapctl key list demo/service

say "A key of which asapd knows the public half only"
run asapctl issuer create demo/external --external
run asapctl key generate demo/external --private-dir demo/private --now
key_file=$(find demo/private/demo/external -name '*.pem')
key_id=demo/external/$(basename "$key_file")

say "Anybody can fetch a public key"
run curl --silent --show-error --fail --include --cacert demo/ca.pem "$url/$key_id"

say "A token signed with it, verified by its public key over HTTPS"
run_line "asap-sign --private-dir demo/private --issuer demo/external --audience demo/client > demo/token"
run_line "asap-verify --repository $url --cacert demo/ca.pem --audience demo/client < demo/token"

say "A caller without any private key: it proves who it is with an API key, and may mint"
run asapctl caller create ci
run_line "asapctl credential create ci --api-key > demo/ci.key"
run_line "asapctl grant create ci --verb mint --issuer demo/service --audience 'demo/*'"

say "It has asapd sign a token, over HTTPS from any language"
run_line "sed 's/^/Authorization: Bearer /' demo/ci.key |
    curl --silent --show-error --fail-with-body --cacert demo/ca.pem --header @- \\
        --json '{\"issuer\": \"demo/service\", \"audience\": [\"demo/client\"]}' \\
        $url/asap.v1.TokenService/MintToken > demo/minted.json"
run_line "sed 's/.*\"token\":\"\([^\"]*\)\".*/\1/' demo/minted.json |
    asapctl token verify --repository $url --cacert demo/ca.pem --audience demo/client"

say "What was minted and changed is recorded, in a log that nobody alters unnoticed"
run asapctl audit list
run asapctl audit verify

if [ $stop_at_end = yes ]; then
    say "All of it worked; stopping the server"
    exit 0
fi
cat <<END

The server goes on running, as process $(cat "$pid_file"). To use the commands in this terminal:

    export PATH=$prefix/sbin:$prefix/bin:$prefix/examples:\$PATH ASAPCTL_SERVER=unix:$PWD/demo/admin.sock

To stop it:

    kill \$(cat demo/asapd.pid)
END
