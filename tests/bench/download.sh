#!/usr/bin/env bash
# CPU time per key download of asapd and of nginx serving the same files, over plain HTTP with
# keep-alive, each pinned to the first core and loaded from the second, in alternating rounds.
# Prints microseconds per request for each round and the ratio of the medians.
#   tests/bench/download.sh [ROUNDS [SECONDS [KEYS]]]
set -euo pipefail
cd "$(dirname "$0")/../.."

rounds=${1:-5}
seconds=${2:-5}
keys=${3:-20000}

./deploy/build-deps.sh check libsubunit-dev nginx-light wrk curl procps
cmake --preset ci >/dev/null
cmake --build --preset ci --target asapd fill_store >/dev/null
bin=$PWD/build/ci

work=$(mktemp -d)
servers=()
cleanup() {
    [ ${#servers[@]} -eq 0 ] || kill "${servers[@]}" 2>/dev/null || true
    wait
    rm -rf "${work:?}"
}
trap cleanup EXIT

"$bin/server/asapd" init --dir "$work/asapd" --public-listen http://127.0.0.1:18080 \
    --ops-listen http://127.0.0.1:0 --max-connections-per-address 1000 --threads 1 >/dev/null
mkdir "$work/files"
"$bin/tests/bench/fill_store" "sqlite:$work/asapd/asapd.db" "$keys" "$work/files" >"$work/paths"
taskset -c 0 "$bin/server/asapd" serve --config "$work/asapd/asapd.conf" 2>"$work/log" &
servers+=($!)
asapd=$!

cat >"$work/nginx.conf" <<END
daemon off; worker_processes 1; pid $work/nginx.pid; error_log $work/nginx.log;
events { worker_connections 1024; }
http {
    access_log off; sendfile off; keepalive_requests 100000000;
    types { } default_type application/x-pem-file;
    add_header Cache-Control "public, max-age=300, stale-while-revalidate=300, stale-if-error=300";
    server { listen 127.0.0.1:18081; root $work/files; }
}
END
chmod 755 "$work"
sed -i "1i user $(id -un);" "$work/nginx.conf"
taskset -c 0 nginx -c "$work/nginx.conf" &
servers+=($!)
master=$!

cat >"$work/paths.lua" <<END
local paths = {}
for line in io.lines("$work/paths") do paths[#paths + 1] = line end
local next_path = 0
request = function()
    next_path = next_path % #paths + 1
    return wrk.format("GET", paths[next_path])
end
END

first=$(head -n 1 "$work/paths")
for port in 18080 18081; do
    for _ in $(seq 300); do
        curl -sf "http://127.0.0.1:$port$first" >/dev/null && break
        sleep 0.1
    done
    curl -sf "http://127.0.0.1:$port$first" >/dev/null
done
nginx=$(pgrep -P "$master" | head -n 1)

# Clock ticks of user and system time.
ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }

# round NAME PORT PID
round() {
    local before after requests
    before=$(ticks "$3")
    requests=$(taskset -c 1 wrk -t1 -c64 -d"${seconds}s" -s "$work/paths.lua" "http://127.0.0.1:$2" |
        tee "$work/wrk" |
        awk '/requests in/ { print $1 } /Non-2xx/ { print "wrk: " $0 > "/dev/stderr" }')
    after=$(ticks "$3")
    awk -v n="$1" -v t="$((after - before))" -v hz="$(getconf CLK_TCK)" -v r="$requests" \
        'BEGIN { printf "%s %.2f us/request %d requests\n", n, t / hz / r * 1e6, r }'
}

for _ in $(seq "$rounds"); do
    round asapd 18080 "$asapd"
    round nginx 18081 "$nginx"
done | tee "$work/rounds"

median() { awk -v n="$1" '$1 == n { print $2 }' "$work/rounds" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
awk -v a="$(median asapd)" -v b="$(median nginx)" \
    'BEGIN { printf "ratio of medians asapd / nginx: %.2f (goal 0.95)\n", a / b }'
