#!/bin/sh
# What debian/ repeats of the rest of the tree agrees with it.
#   debian.sh VERSION    the version that CMake builds
set -eu
cd "$(dirname "$0")/../.."
failed=0
wanted=$(mktemp)
trap 'rm -f "$wanted"' EXIT

complain() {
    echo "$1" >&2
    failed=1
}

version=$(sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)
[ "$version" = "$1" ] || complain "debian/changelog is of $version, CMakeLists.txt of $1"

# A package's symbols are those that the ABI checks know; each says since which version it is there.
#   compare_symbols PACKAGE SONAME NODE LIST
compare_symbols() {
    {
        echo "$2 $1 #MINVER#"
        echo "* Build-Depends-Package: libasap-dev"
        echo " $3@$3"
        sed "s/.*/ &@$3/" "tests/abi/$4"
    } >"$wanted"
    sed 's/^\( .*\) [0-9][^ ]*$/\1/' "debian/$1.symbols" | diff -u "$wanted" - >&2 ||
        complain "debian/$1.symbols and tests/abi/$4 differ"
}
compare_symbols libasap0 libasap.so.0 LIBASAP_0 symbols.txt
compare_symbols libasap-microhttpd0 libasap-microhttpd.so.0 LIBASAP_MICROHTTPD_0 \
    symbols-microhttpd.txt

for package in $(sed -n '/^packages="/,/"$/p' deploy/build-deps.sh | tr -d '"' | sed 's/^packages=//'); do
    [ "$package" = build-essential ] ||
        sed -n '/^Build-Depends:/,/^$/p' debian/control | grep -Eq "^ $package(:any|,|\$)" ||
        complain "deploy/build-deps.sh installs $package, which debian/control does not build with"
done

# What is in deploy/ for an operator to read and copy is in the package.
for folder in deploy/*/; do
    folder=${folder%/}
    case $folder in
    deploy/systemd | deploy/container) ;; # installed otherwise, and built from a source tree
    *)
        cat debian/asapd.examples debian/asapd.docs 2>/dev/null | grep -qx "$folder" ||
            complain "neither debian/asapd.examples nor asapd.docs has $folder"
        ;;
    esac
done
exit "$failed"
