#!/usr/bin/env bash
# Measures asapd and libasap beside their peers and prints the goals with what was reached.
#   tests/bench/run.sh [--rounds N] [--seconds N] [--only SUITE]... [--growth] [--smoke]
#                      [--build DIR] [--json FILE] [--list]
# DIR is a build tree to use, build/bench if none. README.md beside this says how it is made.
set -euo pipefail
cd "$(dirname "$0")/../.."

usage() {
    sed -n '2,5s/^# //p' "$0"
}

rounds=5
seconds=3
only=()
growth=
smoke=
json=
build=build/bench
while [ $# -gt 0 ]; do
    case $1 in
        --rounds) rounds=$2 && shift ;;
        --seconds) seconds=$2 && shift ;;
        --only) only+=("$2") && shift ;;
        --json) json=$2 && shift ;;
        --build) build=$2 && shift ;;
        --growth) growth=yes ;;
        --smoke) smoke=yes rounds=1 seconds=1 ;;
        --list) basename -s .sh tests/bench/suites/*.sh && exit ;;
        --help) usage && exit ;;
        *) usage >&2 && exit 2 ;;
    esac
    shift
done

# A suite that is named runs in any case.
is_wanted() {
    case $1 in
        grow_*) [ -n "$growth$smoke" ] ;;
        peer_*) [ -z "$smoke" ] ;;
    esac
}

suites=("${only[@]}")
if [ ${#only[@]} -eq 0 ]; then
    for file in tests/bench/suites/*.sh; do
        name=$(basename -s .sh "$file")
        ! is_wanted "$name" || suites+=("$name")
    done
fi

records=$(mktemp)
suite=
cleanup() {
    [ -z "$suite" ] || kill "$suite" 2>/dev/null || true
    wait
    rm -f "$records"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# In the background, so that a signal ends this script at once, and with it the suite.
failed=0
for name in "${suites[@]}"; do
    echo "bench: $name" >&2
    BENCH_BUILD=$build BENCH_ROUNDS=$rounds BENCH_SECONDS=$seconds BENCH_SMOKE=$smoke \
        setpriv --pdeathsig TERM tests/bench/suite.sh "$name" >>"$records" &
    suite=$!
    wait "$suite" || { echo "bench: $name FAILED" >&2 && failed=$((failed + 1)); }
    suite=
done

tests/bench/report.py "$records" ${json:+--json "$json"}
[ "$failed" -eq 0 ]
