#!/bin/sh
# The unit file is valid and its sandbox stays as tight as it is.
#   unit.sh UNIT PROGRAM    PROGRAM stands in for the one that is not installed yet
set -eu
unit=$1
program=$2

command -v systemd-analyze >/dev/null || {
    echo "systemd-analyze is missing: install the package systemd" >&2
    exit 1
}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
sed "s|^ExecStart=[^ ]*/sbin/asapd |ExecStart=$program |" "$unit" >"$root/asapd.service"
grep -q "^ExecStart=$program " "$root/asapd.service"

# What it warns of counts, too, and its exit status alone does not say that.
systemd-analyze verify --man=no "$root/asapd.service" >"$root/found" 2>&1 || echo "refused" >>"$root/found"
[ ! -s "$root/found" ] || { cat "$root/found" >&2; exit 1; }
systemd-analyze security --offline=true --threshold=15 "$root/asapd.service"
