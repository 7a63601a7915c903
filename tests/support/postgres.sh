#!/bin/sh
# Runs a command beside a PostgreSQL server of its own, which ends with it. The command finds the
# server's superuser database in ASAP_TEST_POSTGRES, a URL, and its folder, with data and log, in
# ASAP_TEST_POSTGRES_FOLDER, and the files for deployment in ASAP_TEST_DEPLOY.
#   tests/support/postgres.sh COMMAND [ARGUMENT ...]
set -eu

bin=""
for candidate in /usr/lib/postgresql/*/bin; do
    [ -x "$candidate/initdb" ] && bin=$candidate
done
[ -n "$bin" ] || {
    echo "postgres.sh: there is no PostgreSQL: install postgresql-15" >&2
    exit 1
}

# PostgreSQL refuses to run as root.
as_user() {
    if [ "$(id -u)" -eq 0 ]; then
        (cd / && exec runuser -u postgres -- "$@")
    else
        "$@"
    fi
}

# In memory where that has room, since it syncs all that it writes.
parent=/tmp
free=$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')
{ [ "${free:-0}" -lt 1048576 ] || [ ! -w /dev/shm ]; } || parent=/dev/shm
folder=$(mktemp -d "$parent/asap-pg-XXXXXX")
[ "$(id -u)" -ne 0 ] || chown postgres "$folder"
# shellcheck disable=SC2317 # the trap calls it
stop() {
    as_user "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 1' INT TERM HUP

# Not synced here, as nothing survives; asapd asks for fsync, and has it while it runs.
as_user "$bin/initdb" -D "$folder/data" -U asapd -A trust -E UTF8 --locale=C.UTF-8 -N >"$folder/initdb.log" 2>&1 || {
    cat "$folder/initdb.log" >&2
    exit 1
}
cat >>"$folder/data/postgresql.conf" <<SETTINGS
listen_addresses = ''
unix_socket_directories = '$folder'
shared_buffers = 16MB
max_connections = 60
lc_messages = 'C'
SETTINGS
as_user "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -w start >/dev/null || {
    cat "$folder/log" >&2
    exit 1
}

export ASAP_TEST_POSTGRES="postgresql://asapd@/postgres?host=$folder"
export ASAP_TEST_POSTGRES_FOLDER="$folder"
ASAP_TEST_DEPLOY=$(cd "$(dirname "$0")/../../deploy" && pwd)
export ASAP_TEST_DEPLOY
status=0
"$@" || status=$?
exit "$status"
