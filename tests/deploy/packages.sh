#!/usr/bin/env bash
# Builds the Debian packages from a clean clone of the last commit, and a later version of them,
# and has a fresh Debian 12 with systemd use them in a container: installed.sh says what is tried
# there. Needs root.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "packages: run this as root: it makes a Debian and starts it" >&2
    exit 1
}
./deploy/build-deps.sh debhelper lintian debootstrap systemd-container

work=$(mktemp -d /var/tmp/asapd-packages.XXXXXX)
here=$(mktemp -d /var/tmp/asapd-here.XXXXXX)
base=""
mounted=()

clean_up() {
    local place
    [ -z "$base" ] || kill "$base" 2>/dev/null || true
    for place in "${mounted[@]}"; do umount -R "$place"; done
    umount -R "$work/root" 2>/dev/null || true
    rm -rf --one-file-system "$work"
    rmdir "$here"
}
trap clean_up EXIT
source=$work/source/asapd
root=$work/root

# Says what a command printed only when it failed.
quietly() {
    "$@" >"$work/log" 2>&1 || {
        tail -n 40 "$work/log" >&2
        echo "packages: failed: $*" >&2
        return 1
    }
}

make_base() {
    debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,ca-certificates bookworm "$root" >"$work/base.log" 2>&1
}

# The unit tests run in the builds that are not of packages.
build() {
    (
        cd "$source"
        export DEB_BUILD_OPTIONS=nocheck DEB_BUILD_PROFILES=nocheck
        quietly dpkg-buildpackage -us -uc "$@"
    )
}

make_later_version() {
    local version=$1+later
    {
        echo "asapd ($version) unstable; urgency=medium"
        printf '\n  * Later.\n\n'
        grep -m 1 '^ -- ' "$source/debian/changelog"
        echo
        cat "$source/debian/changelog"
    } >"$work/changelog"
    mv "$work/changelog" "$source/debian/changelog"
    build -b --no-pre-clean
}

# Into the Debian's /srv/NAME, without debugging symbols.
take_packages() {
    mkdir -p "$root/srv/$1"
    find "$work/source" -name "*_${2}_*.deb" ! -name '*-dbgsym_*' -exec cp {} "$root/srv/$1" \;
}

in_base() {
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/ DEBIAN_FRONTEND=noninteractive \
        chroot "$root" "$@"
}

install_on_base() {
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    # The authorities that this machine trusts beside Debian's, such as that of a proxy.
    for own in /usr/local/share/ca-certificates/*.crt; do
        [ ! -f "$own" ] || cp "$own" "$root/usr/local/share/ca-certificates/"
    done
    quietly in_base update-ca-certificates
    quietly in_base apt-get update
    quietly in_base apt-get install -y --no-install-recommends curl gcc libc6-dev make pkgconf \
        libcurl4-openssl-dev postgresql-15 libnss-systemd
    # Only what is asked for listens in the container.
    quietly in_base systemctl disable postgresql
    quietly in_base sh -c 'apt-get install -y --no-install-recommends /srv/first/*.deb'
}

# What a container's control groups need; a chroot may lack it.
#   mount_missing TYPE PLACE
mount_missing() {
    mountpoint -q "$2" || {
        mount -t "$1" "$1" "$2"
        mounted=("$2" "${mounted[@]}")
    }
}

# A container's mounts are made below one, which the root of a chroot is not. $here is no part of
# $work: what is removed has nothing of the machine in it.
enter_mount() {
    mountpoint -q / || {
        mount --rbind / "$here"
        mount --make-rprivate "$here"
        mounted=("$here" "${mounted[@]}")
        enter=(chroot "$here")
    }
}

# Boots the Debian, which runs installed.sh and ends with its exit status. No network but loopback.
boot() {
    local enter=() options=(--quiet --register=no --private-network --directory "$root")
    # Without a service manager here, nobody can be asked for a unit to run the container in.
    [ -d /run/systemd/system ] || options+=(--keep-unit)
    cp tests/deploy/installed.sh "$root/srv/installed.sh"
    cat >"$root/etc/systemd/system/installed.service" <<'END'
[Unit]
After=basic.target
SuccessAction=exit
FailureAction=exit
[Service]
Type=oneshot
ExecStart=/srv/installed.sh
StandardOutput=file:/srv/installed.log
StandardError=inherit
[Install]
WantedBy=multi-user.target
END
    quietly in_base systemctl enable installed.service
    mount_missing sysfs /sys
    mount_missing cgroup2 /sys/fs/cgroup
    enter_mount
    touch "$root/srv/installed.log"
    timeout 300 "${enter[@]}" systemd-nspawn "${options[@]}" --boot </dev/null >"$work/boot.log" 2>&1 || true
    cat "$root/srv/installed.log"
    grep -qx 'packages: [0-9]* passed, 0 failed' "$root/srv/installed.log" || {
        tail -n 20 "$work/boot.log" >&2
        echo "packages: FAILED; above is the end of what the container's console said" >&2
        exit 1
    }
}

make_base &
base=$!
mkdir "$work/source"
git clone --quiet --no-hardlinks . "$source"
version=$(dpkg-parsechangelog -l "$source/debian/changelog" -S Version)
build
echo "packages: dpkg-buildpackage made, from a clean clone:"
(cd "$work/source" && find . -maxdepth 1 -name '*.d*' ! -name '*-dbgsym_*' -printf '  %f\n' | sort)
lintian --allow-root --fail-on error,warning "$work/source/asapd_${version}_"*.changes
echo "packages: lintian has no errors and no warnings"
make_later_version "$version"
wait "$base" || {
    tail -n 20 "$work/base.log" >&2
    echo "packages: debootstrap failed" >&2
    exit 1
}
base=""
take_packages first "$version"
take_packages later "$version+later"
install_on_base
echo "packages: apt installed them on a fresh Debian 12; in a container with systemd:"
boot
