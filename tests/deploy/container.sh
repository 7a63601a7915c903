#!/usr/bin/env bash
# Builds the container of deploy/container from a clean clone of the last commit, on a Debian 12
# that is made here, and runs it as its Containerfile says: read-only, without capabilities. Needs
# root; takes some minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "container: run this as root: it makes a Debian and builds on it" >&2
    exit 1
}
# The runtime refuses a machine that has both kinds of control groups: one of them is hidden.
if [ -d /sys/fs/cgroup/unified ]; then
    [ "${1-}" = --unshared ] || exec unshare --mount --propagation private "$0" --unshared
    umount /sys/fs/cgroup/unified
fi

./deploy/build-deps.sh buildah podman crun debootstrap curl

work=$(mktemp -d /var/tmp/asapd-container.XXXXXX)
storage=(--root "$work/storage" --runroot "$work/run" --storage-driver vfs)
# No network but loopback, and limits that a machine without the right to raise them has.
options=(--cgroups=disabled --network=none --ulimit nofile=8192:8192 --ulimit nproc=4096:4096
    -v asapd-state:/var/lib/asapd)

podman_() {
    podman "${storage[@]}" "$@"
}

clean_up() {
    podman_ rm --force --all --time 0 >/dev/null 2>&1 || true
    umount -R "$work/base" "$work/storage" 2>/dev/null || true
    rm -rf --one-file-system "$work"
}
trap clean_up EXIT

# Says what a command printed only when it failed.
quietly() {
    "$@" >"$work/log" 2>&1 || {
        tail -n 40 "$work/log" >&2
        echo "container: failed: $*" >&2
        return 1
    }
}

passed=0
# In the background, since a function that is a condition goes on after a failure.
holds() {
    local sentence=$1
    shift
    "$@" >"$work/said" 2>&1 &
    wait $! || {
        cat "$work/said" >&2
        podman_ logs asapd >&2 || true
        echo "  NOT: $sentence" >&2
        echo "container: $passed passed, 1 failed"
        exit 1
    }
    echo "  $sentence"
    passed=$((passed + 1))
}

is() {
    [ "$1" = "$2" ] || {
        echo "$1, not $2"
        return 1
    }
}

build() {
    quietly debootstrap --variant=minbase bookworm "$work/base"
    rm -rf "$work/base/var/cache/apt/archives" "$work/base/var/lib/apt/lists"
    mkdir -p "$work/base/var/cache/apt/archives/partial"
    tar -C "$work/base" --one-file-system -c . | quietly podman_ import - localhost/debian:12
    git clone --quiet --no-hardlinks . "$work/source"
    quietly buildah "${storage[@]}" bud --isolation chroot --build-arg BASE=localhost/debian:12 \
        -t asapd -f "$work/source/deploy/container/Containerfile" "$work/source"
}

init() {
    podman_ run --rm "${options[@]}" -v asapd-conf:/etc/asapd asapd init --system
}

start() {
    podman_ run --detach --name asapd "${options[@]}" --read-only --cap-drop all \
        --tmpfs /run/asapd:mode=1777 -v asapd-conf:/etc/asapd:ro asapd
}

# From outside, but in the container's network.
fetch() {
    nsenter --target "$(podman_ inspect --format '{{.State.Pid}}' asapd)" --net \
        curl --silent --show-error --fail --cacert "$work/ca.pem" "$@"
}

is_ready() {
    for _ in $(seq 100); do
        ! fetch http://127.0.0.1:9464/readyz || return 0
        sleep 0.1
    done
    return 1
}

inside() {
    podman_ exec asapd "$@"
}

is_read_only() {
    inside sh -c '! touch /new && ! touch /etc/asapd/new && ! touch /usr/new'
}

has_no_secrets() {
    local root
    root=$(podman_ image mount asapd)
    is "$(find "$root/etc/asapd" "$root/var/lib/asapd" -mindepth 1; find "$root" -name kek -o -name '*.key')" ""
    podman_ image unmount asapd
}

stops_with_0() {
    podman_ stop --time 30 asapd
    is "$(podman_ inspect --format '{{.State.ExitCode}}' asapd)" 0
}

build
echo "container: buildah built it; what podman runs:"
holds "the image has a user who is not root" is "$(podman_ image inspect --format '{{.Config.User}}' asapd)" 10001:10001
holds "it has no secrets" has_no_secrets
holds "init fills the volumes" init
holds "it starts, read-only and without capabilities" start
holds "it is ready" is_ready
inside cat /etc/asapd/ca.pem >"$work/ca.pem"
holds "nothing but the state can be written" is_read_only
holds "nothing can be gained by another program" is "$(inside sed -n 's/^CapBnd:\t//p' /proc/1/status)" 0000000000000000
holds "asapctl administers it" inside asapctl issuer create payments/api
key=$(inside asapctl key list payments/api | sed -n 's/ *active .*//p')
published=$(fetch "https://localhost:8443/$key")
holds "curl fetches a key" grep -q 'BEGIN PUBLIC KEY' - <<<"$published"
holds "it stops when told to" stops_with_0
podman_ rm asapd >/dev/null
holds "another container goes on with the volumes" start
holds "it is ready, too" is_ready
holds "the key is as it was" is "$(fetch "https://localhost:8443/$key")" "$published"
echo "container: $passed passed, 0 failed"
