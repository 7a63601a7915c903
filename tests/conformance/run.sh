#!/usr/bin/env bash
# Judges the HTTP and RPC layers by the official conformance suite of the Connect protocol.
#   tests/conformance/run.sh RUNNER SERVER SCRATCH
# RUNNER is the suite's connectconformance; SCRATCH is a directory for what sanitizers report.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
runner=$1 server=$2 scratch=$3

rm -rf "$scratch"
mkdir -p "$scratch"
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:log_path=$scratch/report"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-}:log_path=$scratch/report"

# An empty run would pass, so that at least this many cases must have: judge LEAST ARGUMENT...
judge() {
    local least=$1 passed=0
    shift
    if "$runner" --mode server --conf "$here/config.yaml" "$@" -- "$server" \
        2>"$scratch/errors.log" | tee "$scratch/cases.log"; then
        passed=$(sed -nE 's/^([0-9]+) passed, 0 failed.*/\1/p' "$scratch/cases.log")
    fi
    [ "${passed:-0}" -ge "$least" ] || {
        cat "$scratch/errors.log" >&2
        echo "conformance: a case failed, or fewer than $least passed" >&2
        return 1
    }
}

judge 344
judge 8 --test-file "$here/client_certificates.yaml"

reports=$(find "$scratch" -name 'report*')
[ -z "$reports" ] || {
    cat "$scratch"/report* >&2
    exit 1
}
