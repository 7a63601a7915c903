# What keys cost as they become many: the start, memory, a change of one until it is visible, and a
# download of any of them. Ten keys an issuer; a server for each number of keys.
# shellcheck shell=bash disable=SC2154

declare -A servers_of urls_of starts_of

setup() {
    need_packages wrk curl
    need_targets asapd asapctl fill_store
    read -ra sizes <<<"$(scale '1000 10000 100000 1000000' '100 1000')"
    local size
    start_asapd empty http
    empty_rss=$(rss_bytes "$server")
    for size in "${sizes[@]}"; do
        init_asapd "keys-$size" http
        "${first[@]}" taskset -c 1 "$bin/tests/bench/fill_store" \
            "sqlite:$work/keys-$size/asapd.db" "$size" >"$work/keys-$size.paths"
        start_asapd "keys-$size" http
        servers_of[$size]=$server urls_of[$size]=$url starts_of[$size]=$(cpu_us "$server")
    done
}

# What is served of a key: its name, its PEM, its JSON Web Key and its ETag.
bytes_of_key() {
    local url=$1 path=$2
    {
        echo "$path"
        curl -sf "$url$path"
        curl -sf "$url$(dirname "$path")/.well-known/jwks.json" | sed 's/},{.*//'
        curl -sf -o /dev/null -w '%header{etag}' "$url$path"
    } | wc -c
}

# What is so from the start on: measured once.
measure_start() {
    local size=$1 bytes
    bytes=$(bytes_of_key "${urls_of[$size]}" "$(sed -n 5p "$work/keys-$size.paths")")
    echo "grow-keys-start $size $((starts_of[$size] / 1000)) ms"
    awk -v s="$size" -v r="$(rss_bytes "${servers_of[$size]}")" -v e="$empty_rss" -v b="$bytes" \
        'BEGIN { printf "grow-keys-memory %s %.1f B\n", s, (r - e) / s - b }'
}

# Two other keys are revoked in each round.
measure_change() {
    local size=$1 number=$2 paths=$work/keys-$1.paths server=${servers_of[$1]} revoked before
    mapfile -t revoked < <(sed -n "$((number * 10))p;$((size / 2 + number * 10))p" "$paths")
    before=$(cpu_us "$server")
    tests/bench/until_visible.py "$work/keys-$size/admin.sock" "${urls_of[$size]}" "${revoked[@]}" |
        sed "s/.*/grow-keys-change $size & ms/"
    echo "grow-keys-change-cpu $size $((($(cpu_us "$server") - before) / 2000)) ms"
}

# Of keys all over the store, but not those that are revoked.
measure_download() {
    local size=$1
    awk -v n="$size" 'NR % 10 == 5 && (n <= 100000 || NR % 100 == 5)' "$work/keys-$size.paths" \
        >"$work/rotation"
    write_paths_script "$work/rotation"
    cpu_per_request grow-keys-download "$size" "${servers_of[$size]}" 64 "${urls_of[$size]}" \
        -s "$work/paths.lua"
}

round() {
    local size number=$1
    for size in "${sizes[@]}"; do
        [ "$number" -gt 1 ] || measure_start "$size"
        measure_download "$size"
        measure_change "$size" "$number"
    done
}
