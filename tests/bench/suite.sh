#!/usr/bin/env bash
# Runs one suite and prints its records, each with the suite and the number of the round in front.
#   BENCH_BUILD=DIR BENCH_ROUNDS=N BENCH_SECONDS=N BENCH_SMOKE=[yes] tests/bench/suite.sh NAME
set -euo pipefail
cd "$(dirname "$0")/../.."

name=$1
. tests/bench/lib.sh
# shellcheck source=/dev/null
. "tests/bench/suites/$name.sh"

work=$(mktemp -d)
chmod 755 "$work"
is_set_up=
cleanup() {
    [ -n "$is_set_up" ] || cat "$work/setup" >&2
    end_servers
    rm -rf "${work:?}"
}
trap cleanup EXIT
trap 'exit 143' INT TERM

setup >"$work/setup" 2>&1
is_set_up=yes
for number in $(seq "$rounds"); do
    round "$number" >"$work/round"
    sed "s/^/$name $number /" "$work/round"
done
