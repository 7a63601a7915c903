#!/bin/sh
# What is installed is enough to build with: the examples by pkg-config, a consumer by
# find_package(asap).
#   install.sh BUILD_DIR
set -eu
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
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
cat >"$root/consumer/consumer.c" <<END
#include <asap/asap.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    struct asap_signer *signer = NULL;
    struct asap_error err = { .message = "" };
    char *token = NULL;

    if (asap_signer_from_environment(NULL, &signer, &err) != ASAP_OK
        || asap_signer_sign(signer, &(struct asap_token_request){ .audiences = NULL }, &token, &err)
               != ASAP_OK)
        return fprintf(stderr, "%s\\n", err.message), EXIT_FAILURE;
    puts(token);
    free(token);
    asap_signer_free(signer);
    return EXIT_SUCCESS;
}
END
cat >"$root/consumer/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES C)
find_package(asap 0.1 REQUIRED COMPONENTS microhttpd)
add_executable(consumer consumer.c)
target_link_libraries(consumer PRIVATE asap::asap)
add_executable(guarded "$PWD/client/examples/guard.c")
target_link_libraries(guarded PRIVATE asap::microhttpd)
END
quietly cmake -S "$root/consumer" -B "$root/consumer/build" -DCMAKE_PREFIX_PATH="$prefix" \
    -DCMAKE_C_COMPILER="$(cached CMAKE_C_COMPILER)"
quietly cmake --build "$root/consumer/build"

# Each function has its manual page, where there are pages at all.
pages=$(find "$prefix" -type d -name man3)
if [ -n "$pages" ]; then
    while read -r function; do
        [ -s "$pages/$function.3" ] || { echo "no manual page of $function" >&2; exit 1; }
    done <tests/abi/symbols.txt
fi

# They run, too: each signs with a key of its own.
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$root/key.pem" 2>/dev/null
export ASAP_KEY_ID=web/key ASAP_AUDIENCE=orders
ASAP_PRIVATE_KEY=$(cat "$root/key.pem")
export ASAP_PRIVATE_KEY
check_token() {
    case $2 in
    *.*.*) ;;
    *) echo "$1 signed no token: $2" >&2; exit 1 ;;
    esac
}
check_token asap-sign "$("$root/examples/asap-sign" --key "$root/key.pem" --key-id web/key --audience orders)"
check_token consumer "$("$root/consumer/build/consumer")"
for program in asap-mint asap-verify asap-request asap-guard; do
    status=0
    "$root/examples/$program" 2>/dev/null || status=$?
    [ "$status" -eq 2 ] || { echo "$program without arguments exits with $status, not 2" >&2; exit 1; }
done
