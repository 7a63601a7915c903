# What keys cost as they become many: the start, a change of one until it is visible, memory, and a
# download of any of them. Ten keys an issuer.
# shellcheck shell=bash disable=SC2154

setup() {
    need_packages wrk curl
    need_targets asapd asapctl fill_store
    read -ra sizes <<<"$(scale '1000 10000 100000 1000000' '100 1000')"
    local size
    for size in "${sizes[@]}"; do
        init_asapd "keys-$size" http
        taskset -c 1 "$bin/tests/bench/fill_store" "sqlite:$work/keys-$size/asapd.db" "$size" \
            >"$work/keys-$size.paths"
    done
    start_asapd empty http
    empty_rss=$(rss_bytes "$server")
    end_servers
}

# What is served of a key beside its name: its PEM, its JSON Web Key and its ETag.
bytes_of_key() {
    local path=$1
    {
        curl -sf "$url$path"
        curl -sf "$url$(dirname "$path")/.well-known/jwks.json" | sed 's/},{.*//'
        curl -sf -o /dev/null -w '%header{etag}' "$url$path"
        echo "$path"
    } | wc -c
}

# measure SIZE ROUND: another key is revoked in each round.
measure() {
    local size=$1 number=$2 before after path
    before=$(date +%s%N)
    start_asapd "keys-$size" http
    after=$(date +%s%N)
    path=$(sed -n '5p' "$work/keys-$size.paths")
    echo "grow-keys-start $size $(((after - before) / 1000)) us"
    echo "grow-keys-start-cpu $size $(cpu_us "$server") us"
    awk -v s="$size" -v r="$(rss_bytes "$server")" -v e="$empty_rss" -v b="$(bytes_of_key "$path")" \
        'BEGIN { printf "grow-keys-memory %s %.1f B\n", s, (r - e) / s - b }'
    cpu_per_request grow-keys-download "$size" "$server" 64 "$url" -s "$work/paths.lua"
    mapfile -t revoked < <(sed -n "$((number * 10))p;$((size / 2 + number * 10))p" "$work/keys-$size.paths")
    tests/bench/until_visible.py "$work/keys-$size/admin.sock" "$url" "${revoked[@]}" |
        sed "s/.*/grow-keys-change $size & ms/"
    end_servers
}

round() {
    local size
    for size in "${sizes[@]}"; do
        write_paths_script "$work/keys-$size.paths"
        measure "$size" "$1"
    done
}
