#!/usr/bin/env bash
# Checks on the code itself: format, static analysis, budgets, layering, scripts, spelling.
#   tests/lint/run.sh [CHECK ...]    these only; each is a function below
set -euo pipefail
cd "$(dirname "$0")/../.."

./deploy/build-deps.sh check libsubunit-dev clang clang-tidy clang-format cppcheck pmccabe \
    shellcheck codespell mandoc

mapfile -t sources < <(git ls-files '*.c' '*.h')
mapfile -t product < <(git ls-files 'client/*.c' 'server/*.c')
mapfile -t scripts < <(git ls-files '*.sh' .ci/run deploy/systemd/asapd-service.in debian/asapd.postrm)
build=build/lint

format() {
    clang-format --dry-run -Werror "${sources[@]}"
}

compile_commands() {
    cmake --preset ci-clang -B "$build" >/dev/null
    cmake --build "$build" --target asap_schema asap_test_schema >/dev/null
}

tidy() {
    compile_commands
    printf '%s\0' "${product[@]}" | grep -zv '^client/examples/' |
        xargs -0 -n 4 -P "$(nproc)" clang-tidy --quiet -p "$build" 2>/dev/null
}

cppcheck_() {
    cppcheck --quiet --error-exitcode=1 --inline-suppr -j "$(nproc)" --std=c11 \
        --enable=warning,style,performance,portability --suppressions-list=tests/lint/cppcheck.supp \
        -D__GNUC__ '-DDEFINE_SCOPED(name,pointer,release)=' '-DSCOPED(name)=' \
        -I client/include -I client/src/core "${product[@]}"
}

# No function over 60 lines, no source over 500, no header over 160.
budgets() {
    local over
    over=$(pmccabe "${product[@]}" | awk '$5 > 60 { print $5 " lines: " $6 " " $7 }')
    over+=$(wc -l "${product[@]}" | awk '$2 != "total" && $1 > 500 { print $1 " lines: " $2 }')
    over+=$(git ls-files 'client/*.h' 'server/*.h' | xargs wc -l |
        awk '$2 != "total" && $1 > 160 { print $1 " lines: " $2 }')
    [ -z "$over" ] || { echo "$over" >&2; return 1; }
}

banned() {
    ! grep -nE '\b(strcpy|strcat|sprintf|vsprintf|strncpy|strncat|atoi|atol|strtok|rand|gmtime|localtime|system|popen|gets|alloca)\(' \
        "${product[@]}"
}

# Enforced by include directories as well; this one sees what a symbolic cycle would hide.
layers() {
    ! grep -rnE '#include <(microhttpd|gnutls)' server client --include='*.[ch]' |
        grep -vE '^(server/http/|client/microhttpd/|client/examples/|client/include/asap/microhttpd\.h)' &&
        ! grep -rnE '#include <(sqlite3|libpq-fe)' server client --include='*.[ch]' | grep -v '^server/store/' &&
        ! grep -rnE '"(vault|store|keyring)\.h"' server/http client
}

shell() {
    shellcheck "${scripts[@]}"
}

spelling() {
    git ls-files | grep -vE '^(LICENSE|tests/fuzz/corpus/|tests/upgrade/[0-9])' | xargs codespell --ignore-words-list=crate,te,inout,fo,nd
}

# The tree names no machine, registry host or unfinished work.
hygiene() {
    ! git grep -nIE '(^|[^[:alnum:]_./-])/(work|farm|root|home/[a-z]+)/' -- . ':!tests/lint/run.sh' &&
        ! git grep -nwE 'TODO|FIXME|XXX|HACK' -- '*.c' '*.h' '*.sh' '*.md' ':!tests/lint/run.sh'
}

checks=("$@")
[ $# -gt 0 ] || checks=(format banned layers budgets hygiene shell spelling cppcheck_ tidy)
failed=0
for check in "${checks[@]}"; do
    if "$check"; then
        echo "lint: $check passed"
    else
        echo "lint: $check FAILED" >&2
        failed=$((failed + 1))
    fi
done
[ "$failed" -eq 0 ]
