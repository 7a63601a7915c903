# What open connections cost that ask for nothing: memory, the server's time, and what a download of
# others costs beside them.
# shellcheck shell=bash disable=SC2154

declare -A keys

setup() {
    need_packages wrk
    need_targets asapd asapctl
    read -ra sizes <<<"$(scale '100 1000 10000' '10 100')"
    ulimit -n 20000 2>/dev/null || true
    local scheme
    for scheme in http https; do
        start_asapd "$scheme" "$scheme" --idle-timeout 3600s --header-timeout 3600s
        asapctl issuer create bench/ES256 --algorithm ES256
        keys[$scheme]=$(first_key bench/ES256)
        end_servers
    done
}

# measure SCHEME SIZE
measure() {
    local scheme=$1 size=$2 before idle
    start_asapd "$scheme" "$scheme"
    url+=/${keys[$scheme]}
    load 64 1 "$url" >/dev/null
    before=$(rss_bytes "$server")
    coproc holder { exec tests/bench/hold_connections.py "$url" "$size"; }
    read -r -t 600 _ <&"${holder[0]}"
    awk -v f="grow-connections-$scheme" -v s="$size" -v r="$(rss_bytes "$server")" -v b="$before" \
        'BEGIN { printf "%s-memory %s %.0f B\n", f, s, (r - b) / s }'
    idle=$(cpu_us "$server")
    sleep "$seconds"
    echo "grow-connections-$scheme-idle $size $((($(cpu_us "$server") - idle) / seconds)) us/s"
    cpu_per_request "grow-connections-$scheme-download" "$size" "$server" 16 "$url"
    eval "exec ${holder[1]}>&-"
    wait "$holder_PID" || true
    end_servers
}

round() {
    local scheme size
    for scheme in http https; do
        for size in "${sizes[@]}"; do
            measure "$scheme" "$size"
        done
    done
}
