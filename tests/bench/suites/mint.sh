# Tokens minted a second over HTTPS by one worker, with authentication, policy and an audit log on
# disk, beside the signatures that `openssl speed` makes on the same core.
# shellcheck shell=bash disable=SC2154

algorithms=(RS256 ES256 EdDSA)

setup() {
    need_packages wrk openssl
    need_targets asapd asapctl
    start_asapd mint https
    asapd=$server
    make_minters "${algorithms[@]}"
}

openssl_name() {
    case $1 in RS256) echo rsa2048 ;; ES256) echo ecdsap256 ;; EdDSA) echo ed25519 ;; esac
}

round() {
    local algorithm
    for algorithm in "${algorithms[@]}"; do
        rate_and_cpu "mint-https-$algorithm" asapd "$asapd" 64 "$url$mint_path" \
            -s "$work/$algorithm.lua"
        taskset -c 0 openssl speed -seconds "$seconds" "$(openssl_name "$algorithm")" 2>/dev/null |
            awk -v f="mint-https-$algorithm" 'END { print f, "openssl", $(NF - 1), "op/s" }'
    done
}
