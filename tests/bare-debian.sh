#!/usr/bin/env bash
# Tries the README's two commands as a newcomer would: in a bare Debian 12 with git and apt only,
# on a clean clone of the last commit. Needs root and debootstrap; takes an hour at most.
#   tests/bare-debian.sh [ROOT]    ROOT is a folder for the chroot, used again if it exists
set -euo pipefail
cd "$(dirname "$0")/.."

root=${1:-$(mktemp -d /var/tmp/asapd-bare.XXXXXX)}
chmod 755 "$root" # whoever is not root in there needs it, too

if [ ! -x "$root/usr/bin/git" ]; then
    debootstrap --variant=minbase --include=git,ca-certificates bookworm "$root"
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"
# The authorities that this machine trusts beside Debian's, such as that of a proxy it sits behind.
for own in /usr/local/share/ca-certificates/*.crt; do
    [ ! -f "$own" ] || cp "$own" "$root/usr/local/share/ca-certificates/"
done
chroot "$root" update-ca-certificates >/dev/null 2>&1
bundle=/etc/ssl/certs/ca-certificates.crt
rm -rf "$root/srv/asapd"
git clone --quiet --no-hardlinks . "$root/srv/asapd"

mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev" && mount --make-rslave "$root/dev"
trap 'umount -R "$root/proc" "$root/dev" || true' EXIT

for command in "deploy/quickstart.sh --exit" "deploy/quickstart.sh --exit" "tests/run.sh"; do
    echo "bare-debian: ./$command"
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
        NODE_EXTRA_CA_CERTS=$bundle PIP_CERT=$bundle \
        chroot "$root" bash -c "cd /srv/asapd && ./$command"
done
echo "bare-debian: passed"
