# ES256 tokens issued a second over HTTP, by asapd and by token servers made of what others use, each
# on the first core. The others check a client's secret and sign; asapd also applies a policy and
# has each token in its audit log, on disk, before it leaves.
# shellcheck shell=bash disable=SC2154

# Fetched and built in the build tree, in the versions that peers/ names.
build_go_peer() {
    mkdir -p "$bin/peers/$1"
    cp tests/bench/peers/"$1"/* "$bin/peers/$1"
    (cd "$bin/peers/$1" && "$OLDPWD/tests/support/go.sh" "$bin/peers/go" build -o peer .)
}

build_node_peer() {
    local directory=$bin/peers/$1
    mkdir -p "$directory"
    cp tests/bench/peers/"$1"/* "$directory"
    [ -d "$directory/node_modules" ] || npm install --prefix "$directory" \
        --cache "$directory/cache" --no-package-lock --no-audit --no-fund --loglevel error
}

# start_peer NAME PATH FORM COMMAND... with an address for {}; leaves it in ${peers[NAME]}.
declare -A peers urls
start_peer() {
    local name=$1 path=$2 form=$3 port
    shift 3
    port=$(free_port)
    start "${@/\{\}/$port}" 2>"$work/$name.log" >&2
    peers[$name]=$server
    urls[$name]=http://127.0.0.1:$port$path
    wait_for "$server" curl -sf -o /dev/null -u bench:verysecret -d "$form" "${urls[$name]}"
    cat >"$work/$name.lua" <<END
wrk.method = "POST"
wrk.body = '$form'
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.headers["Authorization"] = "Basic $(printf bench:verysecret | base64)"
END
}

setup() {
    need_packages wrk curl
    command -v npm >/dev/null || need_packages nodejs npm
    command -v go >/dev/null || need_packages golang-go
    need_targets asapd asapctl
    build_go_peer zitadel
    build_go_peer fosite
    build_node_peer oidc_provider

    start_asapd mint http
    peers[asapd]=$server urls[asapd]=$url$mint_path
    make_minters ES256
    mv "$work/ES256.lua" "$work/asapd.lua"
    local grant='grant_type=client_credentials'
    start_peer zitadel /oauth/token "$grant&scope=openid" "$bin/peers/zitadel/peer" '127.0.0.1:{}'
    start_peer fosite /token "$grant&scope=mint&audience=orders/api" "$bin/peers/fosite/peer" \
        '127.0.0.1:{}'
    start_peer oidc-provider /token "$grant&resource=urn:orders" \
        node "$bin/peers/oidc_provider/main.js" '{}'
}

round() {
    local name
    for name in asapd zitadel fosite oidc-provider; do
        rate_and_cpu mint-http-ES256 "$name" "${peers[$name]}" 64 "${urls[$name]}" \
            -s "$work/$name.lua"
    done
}
