#!/bin/sh
# What is installed is enough to build with: the examples by pkg-config, a consumer by
# find_package(asap).
#   install.sh BUILD_DIR
set -eu
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
source=$(pwd)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

cached() {
    sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"
}

# Says what a command printed only when it failed.
quietly() {
    "$@" >"$root/log" 2>&1 || { cat "$root/log" >&2; return 1; }
}

export DESTDIR="$root/staged"
quietly cmake --install "$build" --prefix /opt/asap
unset DESTDIR
prefix=$root/staged/opt/asap
pc=$(find "$prefix" -name libasap.pc)
LD_LIBRARY_PATH=$(dirname "$(find "$prefix" -name libasap.so)")
export LD_LIBRARY_PATH

# A program has to have the sanitizers that the library has.
sanitizers=$(cached ASAP_SANITIZERS)
flags="-Wall -Wextra -Werror ${sanitizers:+-fsanitize=$sanitizers}"
make -s -C client/examples BUILD="$root/examples" CC="$(cached CMAKE_C_COMPILER)" CFLAGS="$flags" \
    PKG_CONFIG_PATH="$(dirname "$pc")"

mkdir "$root/consumer"
cat >"$root/consumer/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES C)
find_package(asap 0.1 REQUIRED COMPONENTS microhttpd)
add_executable(consumer "$source/client/examples/sign.c")
target_link_libraries(consumer PRIVATE asap::asap)
add_executable(guarded "$source/client/examples/guard.c")
target_link_libraries(guarded PRIVATE asap::microhttpd)
END
quietly cmake -S "$root/consumer" -B "$root/consumer/build" -DCMAKE_PREFIX_PATH="$prefix" \
    -DCMAKE_C_COMPILER="$(cached CMAKE_C_COMPILER)"
quietly cmake --build "$root/consumer/build"

# They run, too: each signs with a key of its own.
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$root/key.pem" 2>/dev/null
for program in "$root/examples/asap-sign" "$root/consumer/build/consumer"; do
    token=$("$program" --key "$root/key.pem" --key-id web/key --audience orders)
    case $token in
    *.*.*) ;;
    *) echo "$program signed no token: $token" >&2; exit 1 ;;
    esac
done
for program in asap-mint asap-verify asap-request asap-guard; do
    status=0
    "$root/examples/$program" 2>/dev/null || status=$?
    [ "$status" -eq 2 ] || { echo "$program without arguments exits with $status, not 2" >&2; exit 1; }
done
