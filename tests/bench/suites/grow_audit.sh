# What the audit log costs as it becomes long: a mint, a look at its end, its verification, and the
# removal of what is old, each by its row.
# shellcheck shell=bash disable=SC2154

setup() {
    need_packages wrk sqlite3
    need_targets asapd asapctl asapd_shifted
    read -ra sizes <<<"$(scale '10000 100000 1000000' '500 2000')"
}

# The number of events so far.
count_events() {
    sqlite3 -readonly "$work/audit/asapd.db" 'SELECT sequence FROM audit_head'
}

# Mints until the log has as many rows.
fill_to() {
    while [ "$(count_events)" -lt "$1" ]; do
        load 64 "$(scale 5 1)" "$url$mint_path" -s "$work/ES256.lua" >/dev/null
    done
}

measure() {
    local size=$1 list='{"caller":"bench","pageSize":100}'
    fill_to "$size"
    cpu_per_request grow-audit-mint "$size" "$server" 64 "$url$mint_path" -s "$work/ES256.lua"
    tests/bench/admin_client.py "$work/audit/admin.sock" AuditLog/ListEvents "$list" 5 |
        sed "s/.*/grow-audit-list $size & ms/"
    tests/bench/admin_client.py "$work/audit/admin.sock" AuditLog/VerifyChain '{}' |
        awk -v s="$size" -v n="$(count_events)" \
            '{ printf "grow-audit-verify %s %.3f us/row\n", s, $1 * 1000 / n }'
}

# Whether the server says that it has removed as many.
has_removed() {
    awk -v n="$1" '/removed [0-9]* events/ { sub(/.*removed /, ""); sum += $1 }
        END { exit sum < n }' "$work/audit.log"
}

# Started a day later, with an hour's retention.
prune() {
    local size=$1 count=$2
    echo 86400 >"$work/clock"
    sed -i 's/^#* *audit_retention.*/audit_retention = 3600s/' "$work/audit/asapd.conf"
    ASAP_TEST_CLOCK=$work/clock start "$bin/tests/programs/asapd_shifted" serve \
        --config "$work/audit/asapd.conf" 2>"$work/audit.log"
    wait_for "$server" has_removed $((count - 1)) # the newest event always stays
    echo "grow-audit-prune $size $(awk -v us="$(cpu_us "$server")" -v n="$count" \
        'BEGIN { print us / n }') us/row"
    end_servers
}

round() {
    local size count
    rm -rf "$work/audit"
    start_asapd audit http
    make_minters ES256 >/dev/null 2>&1
    for size in "${sizes[@]}"; do measure "$size"; done
    count=$(count_events)
    end_servers
    prune "$size" "$count"
}
