#!/usr/bin/env bash
# Counts which lines and branches of the programs and libraries the unit and integration tests run.
# Fails below the floors; build/coverage/report/index.html shows each line.
#   tests/coverage.sh
set -euo pipefail
cd "$(dirname "$0")/.."

line_floor=95 branch_floor=80 # per cent

./tests/deps.sh gcovr
cmake --preset dev -B build/coverage "-DCMAKE_C_FLAGS=--coverage -fprofile-update=atomic" >/dev/null
cmake --build build/coverage
find build/coverage -name '*.gcda' -delete
# Programs that run as another user count, too.
find build/coverage -name '*.c.gcno' | sed 's/\.gcno$/.gcda/' | xargs touch
chmod -R a+rwX build/coverage
ctest --test-dir build/coverage --output-on-failure --no-tests=error -j "$(nproc)" \
    -R '^(unit|integration)/'
mkdir -p build/coverage/report
gcovr --root . --object-directory build/coverage --filter server/ --filter client/src/ \
    --filter client/asapctl/ --filter client/microhttpd/ --exclude-unreachable-branches \
    --html-details build/coverage/report/index.html --print-summary \
    --fail-under-line "$line_floor" --fail-under-branch "$branch_floor" build/coverage
