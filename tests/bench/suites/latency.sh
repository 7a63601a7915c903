# The 99th percentile of key downloads by sixteen connections, with and without sixteen others that
# have tokens minted as fast as they can: events and worker share one core.
# shellcheck shell=bash disable=SC2154

setup() {
    need_packages wrk
    need_targets asapd asapctl
    start_asapd latency https
    make_minters RS256
    key=$(first_key bench/RS256)
}

p99() {
    load 16 "$seconds" "$url/$key" >"$work/report"
    echo "download-p99 $1 $(percentile 99 <"$work/report") ms"
}

round() {
    local minting
    p99 alone
    taskset -c 1 wrk -t1 -c16 "-d$((seconds + 1))s" -s "$work/RS256.lua" "$url$mint_path" >"$work/minting" &
    minting=$!
    p99 while-minting
    wait "$minting"
    echo "mint-while-downloads asapd $(rate <"$work/minting") op/s"
}
