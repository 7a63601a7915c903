# What grants cost as they become many: a mint by a caller among them, a change, and memory. Ten
# grants a caller.
# shellcheck shell=bash disable=SC2154

# SQL that gives as many grants as $1 to callers of their own.
many_grants() {
    cat <<END
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $1 / 10)
INSERT INTO caller (name, description, enabled, create_time)
    SELECT printf('caller-%06d', i), '', 1, unixepoch() FROM n;
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < 10)
INSERT INTO access_grant (grant_id, caller_id, verb, issuer, audiences, subjects, claims,
                          max_lifetime, tokens_per_minute, create_time)
    SELECT printf('%08x%08x', caller.id, i), caller.id, 1, printf('service/%d', i), 'orders/*', '',
           '', 0, 0, unixepoch() FROM caller, n WHERE caller.name LIKE 'caller-%';
UPDATE server SET access_generation = access_generation + 1;
COMMIT;
END
}

setup() {
    need_packages wrk sqlite3
    need_targets asapd asapctl
    read -ra sizes <<<"$(scale '100 1000 10000 100000' '100 1000')"
    start_asapd made http
    empty_rss=$(rss_bytes "$server")
    make_minters ES256
    end_servers
    local size
    for size in "${sizes[@]}"; do
        cp -r "$work/made" "$work/grants-$size"
        sed -i "s,$work/made/,$work/grants-$size/," "$work/grants-$size/asapd.conf"
        many_grants "$size" | sqlite3 "$work/grants-$size/asapd.db"
    done
}

round() {
    local size change
    change='{"caller":"bench","verb":"VERB_MINT","issuer":"bench/ES256",'
    change+='"mintLimits":{"audiences":["other/*"]}}'
    for size in "${sizes[@]}"; do
        start_asapd "grants-$size" http
        awk -v s="$size" -v r="$(rss_bytes "$server")" -v e="$empty_rss" \
            'BEGIN { printf "grow-grants-memory %s %.0f B\n", s, (r - e) / s }'
        cpu_per_request grow-grants-mint "$size" "$server" 64 "$url$mint_path" \
            -s "$work/ES256.lua"
        tests/bench/admin_client.py "$work/grants-$size/admin.sock" CallerAdmin/CreateGrant \
            "$change" 3 | sed "s/.*/grow-grants-change $size & ms/"
        end_servers
    done
}
