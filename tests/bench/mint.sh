#!/usr/bin/env bash
# Tokens minted a second over HTTPS, with authentication, policy and an audit log on disk, by an
# asapd on the first core that is loaded from the second, beside the signatures a second that
# `openssl speed` makes on the first core, in alternating rounds; and the 99th percentile of key
# downloads with and without minting at full rate. Prints the rounds and the ratios of the medians.
#   tests/bench/mint.sh [ROUNDS [SECONDS]]
set -euo pipefail
cd "$(dirname "$0")/../.."

rounds=${1:-5}
seconds=${2:-5}

./deploy/build-deps.sh check libsubunit-dev wrk openssl
cmake --preset ci >/dev/null
cmake --build --preset ci --target asapd asapctl >/dev/null
bin=$PWD/build/ci

work=$(mktemp -d)
server=
cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    wait
    rm -rf "${work:?}"
}
trap cleanup EXIT

"$bin/server/asapd" init --dir "$work/asapd" --public-listen https://127.0.0.1:18443 \
    --ops-listen http://127.0.0.1:0 --max-connections-per-address 1000 --threads 1 --workers 1 \
    --calls-per-minute 0 >/dev/null
taskset -c 0 "$bin/server/asapd" serve --config "$work/asapd/asapd.conf" 2>"$work/log" &
server=$!
export ASAPCTL_SERVER="unix:$work/asapd/admin.sock"
ctl=$bin/client/asapctl/asapctl
until "$ctl" status >/dev/null 2>&1; do kill -0 "$server" && sleep 0.1; done

"$ctl" caller create bench >/dev/null
"$ctl" credential create bench --api-key >"$work/key" 2>/dev/null
for algorithm in RS256 ES256 EdDSA; do
    "$ctl" issuer create "bench/$algorithm" --algorithm "$algorithm" >/dev/null
    "$ctl" grant create bench --verb mint --issuer "bench/$algorithm" --audience 'orders/*' >/dev/null
    cat >"$work/$algorithm.lua" <<END
wrk.method = "POST"
wrk.body = '{"issuer":"bench/$algorithm","audience":["orders/api"]}'
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer $(cat "$work/key")"
END
done
key=$("$ctl" key list bench/ES256 --output json | grep -o '"keyId":"[^"]*"' | head -n 1 | cut -d'"' -f4)

# load SECONDS CONNECTIONS SCRIPT PATH
load() {
    taskset -c 1 wrk -t1 "-c$2" "-d${1}s" --latency ${3:+-s "$3"} "https://127.0.0.1:18443$4" |
        tee "$work/wrk"
    ! grep Non-2xx "$work/wrk" >&2
}

openssl_name() {
    case $1 in RS256) echo rsa2048 ;; ES256) echo ecdsap256 ;; EdDSA) echo ed25519 ;; esac
}

for _ in $(seq "$rounds"); do
    for algorithm in RS256 ES256 EdDSA; do
        rate=$(load "$seconds" 64 "$work/$algorithm.lua" /asap.v1.TokenService/MintToken |
            awk '/Requests\/sec/ { print $2 }')
        peer=$(taskset -c 0 openssl speed -seconds 2 "$(openssl_name "$algorithm")" 2>/dev/null |
            awk 'END { print $(NF - 1) }')
        echo "$algorithm $rate tokens/s openssl $peer signatures/s"
    done
    # awk reads all that is piped into it: a reader that stops early would end the writer.
    for name in alone beside; do
        [ "$name" = alone ] || load "$seconds" 16 "$work/RS256.lua" \
            /asap.v1.TokenService/MintToken >/dev/null &
        p99=$(load "$seconds" 16 "" "/$key" | awk '$1 == "99%" { print $2 }')
        wait -n 2>/dev/null || true
        echo "download-$name p99 $p99"
    done
done | tee "$work/rounds"

awk '
    function median(values, count,    i, j, t) {
        for (i = 1; i < count; i++)
            for (j = i + 1; j <= count; j++)
                if (values[j] < values[i]) { t = values[i]; values[i] = values[j]; values[j] = t }
        return values[int((count + 1) / 2)]
    }
    function ms(text) { return text ~ /us$/ ? text / 1000 : text ~ /ms$/ ? text + 0 : text * 1000 }
    $3 == "tokens/s" { ratio[$1, ++count[$1]] = $2 / $5 }
    $2 == "p99" { time[$1, ++times[$1]] = ms($3) }
    END {
        for (name in count) {
            for (i = 1; i <= count[name]; i++) list[i] = ratio[name, i]
            printf "%s minted / signed by openssl speed: %.2f\n", name, median(list, count[name])
        }
        for (name in times) {
            for (i = 1; i <= times[name]; i++) list[i] = time[name, i]
            p[name] = median(list, times[name])
        }
        printf "p99 of downloads beside minting / alone: %.1f (%.2f ms / %.2f ms)\n",
            p["download-beside"] / p["download-alone"], p["download-beside"], p["download-alone"]
    }' "$work/rounds"
