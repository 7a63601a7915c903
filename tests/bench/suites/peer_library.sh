# Tokens checked by libasap, by ASAP's Python library and by Node's jsonwebtoken, each with a key that
# it has parsed before.
# shellcheck shell=bash disable=SC2154

setup() {
    need_packages python3-venv
    command -v npm >/dev/null || need_packages nodejs npm
    need_targets bench_library
    python="$bin/peers/python" node="$bin/peers/jsonwebtoken"
    mkdir -p "$node" "$work/input"
    [ -x "$python/bin/python" ] || python3 -m venv "$python"
    "$python/bin/pip" install --quiet --disable-pip-version-check \
        --requirement tests/bench/peers/python/requirements.txt
    cp tests/bench/peers/jsonwebtoken/* "$node"
    npm install --prefix "$node" --cache "$node/cache" --no-package-lock --no-audit --no-fund \
        --loglevel error
    "$bin/tests/bench/library/bench_input" "$work/input"
}

round() {
    tests/bench/library.py --seconds "$seconds" --figures peer- --only verify "$work/input" \
        "libasap=taskset -c 0 $bin/tests/bench/library/bench_asap_side" \
        "python=taskset -c 0 $python/bin/python tests/bench/peers/python/side.py" \
        "jsonwebtoken=taskset -c 0 node $node/side.js"
}
