# Tokens made and checked and keys read by libasap, by OpenSSL alone, and by Debian's libraries.
# shellcheck shell=bash disable=SC2154

setup() {
    need_packages libcjose-dev libjwt-dev librhonabwy-dev libjose-dev check libsubunit-dev
    cmake --preset release -B "$bin" -DASAP_TESTS=ON -DASAP_BENCH_PEERS=ON >/dev/null
    need_targets bench_library
    mkdir "$work/input"
    "$bin/tests/bench/library/bench_input" "$work/input"
}

round() {
    local sides=() side
    for side in asap openssl cjose libjwt rhonabwy jose; do
        sides+=("${side/#asap/libasap}=taskset -c 0 $bin/tests/bench/library/bench_${side}_side")
    done
    tests/bench/library.py --seconds "$(scale "$seconds" 0.1)" "$work/input" "${sides[@]}"
}
