#!/bin/sh
# Each public header compiles alone, as C11 and as C++17.
set -eu
cd "$(dirname "$0")/../.."

failed=0
for header in client/include/asap/*.h; do
    name=asap/${header##*/}
    for compiler in "${CC:-cc} -x c -std=c11" "${CXX:-c++} -x c++ -std=c++17"; do
        # shellcheck disable=SC2086  # a compiler and its options
        if ! printf '#include <%s>\nextern int not_empty;\n' "$name" |
            $compiler -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I client/include -; then
            echo "$name does not compile alone: $compiler" >&2
            failed=1
        fi
    done
done
exit "$failed"
