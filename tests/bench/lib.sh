# What the suites share; suite.sh has it read. The server's core is the first, the load's the second.
# shellcheck shell=bash disable=SC2034

rounds=${BENCH_ROUNDS:-5}
seconds=${BENCH_SECONDS:-3}
smoke=${BENCH_SMOKE:-}
bin=$(realpath -m "${BENCH_BUILD:-build/bench}")
work=
servers=()

# What others do on the machine is to come second, where that may be asked for.
first=()
if nice -n -10 true 2>/dev/null; then first=(nice -n -10); fi

# A size, or little of it in a smoke run: scale FULL SMALL
scale() {
    if [ -n "$smoke" ]; then echo "$2"; else echo "$1"; fi
}

need_packages() {
    ./deploy/build-deps.sh "$@"
}

# Optimised as users build it, with the programs of the tests: need_targets TARGET...
need_targets() {
    need_packages check libsubunit-dev
    [ -f "$bin/build.ninja" ] || cmake --preset release -B "$bin" -DASAP_TESTS=ON >/dev/null
    cmake --build "$bin" --target "$@" >/dev/null
}

# Starts a server on the first core and leaves its process in $server. It ends with this shell,
# whatever becomes of that one.
start() {
    "${first[@]}" setpriv --pdeathsig TERM taskset -c 0 "$@" &
    server=$!
    servers+=("$server")
}

end_servers() {
    [ ${#servers[@]} -eq 0 ] || kill "${servers[@]}" 2>/dev/null || true
    wait
    servers=()
}

# wait_for SERVER COMMAND... until it succeeds, while the server lives
wait_for() {
    local server=$1
    shift
    for _ in $(seq 6000); do
        ! "$@" >/dev/null 2>&1 || return 0
        kill -0 "$server" || return 1
        sleep 0.02
    done
    echo "bench: gave up waiting: $*" >&2
    return 1
}

# A TCP port that nobody listens on.
free_port() {
    python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# init_asapd NAME SCHEME [FLAG...] makes a repository in $work/NAME, for one thread and one worker.
init_asapd() {
    local name=$1 scheme=$2
    shift 2
    "$bin/server/asapd" init --dir "$work/$name" --public-listen "$scheme://127.0.0.1:0" \
        --ops-listen http://127.0.0.1:0 --max-connections 20000 \
        --max-connections-per-address 20000 --threads 1 --workers 1 --calls-per-minute 0 \
        "$@" >/dev/null
}

# start_asapd NAME SCHEME [FLAG...] serves it, made before or now; leaves the process in $server
# and the address in $url, and is what asapctl speaks to.
start_asapd() {
    local name=$1
    [ -d "$work/$name" ] || init_asapd "$@"
    start "$bin/server/asapd" serve --config "$work/$name/asapd.conf" 2>"$work/$name.log"
    wait_for "$server" grep -q 'public listens' "$work/$name.log"
    url=$(sed -n 's/.*public listens on //p' "$work/$name.log" | tail -n 1)
    export ASAPCTL_SERVER="unix:$work/$name/admin.sock"
}

asapctl() {
    "$bin/client/asapctl/asapctl" "$@"
}

# The oldest key of an issuer.
first_key() {
    asapctl key list "$1" --output json | sed -n 's/.*"keyId": *"\([^"]*\)".*/\1/p' | head -n 1
}

# start_nginx NAME LINE... with the lines in its server block; leaves its worker in $server.
start_nginx() {
    local name=$1 master
    shift
    {
        echo "user $(id -un); daemon off; worker_processes 1; pid $work/$name.pid;"
        echo "error_log $work/$name.log; events { worker_connections 1024; }"
        echo "http { access_log off; sendfile off; keepalive_requests 100000000;"
        echo "    types { } default_type application/x-pem-file;"
        echo "    server {"
        printf '        %s\n' "$@"
        echo "    }"
        echo "}"
    } >"$work/$name.conf"
    PATH=$PATH:/usr/sbin start nginx -e "$work/$name.log" -c "$work/$name.conf"
    master=$server
    wait_for "$master" pgrep -P "$master"
    server=$(pgrep -P "$master" | head -n 1)
}

# User and system time that a process has used, in microseconds.
cpu_us() {
    awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13) * 1e6 / hz }' "/proc/$1/stat"
}

# Resident bytes of a process.
rss_bytes() {
    awk '/^VmRSS/ { print $2 * 1024 }' "/proc/$1/status"
}

# load CONNECTIONS SECONDS URL [WRK-OPTION...] from the second core; prints wrk's report.
load() {
    local connections=$1 duration=$2 url=$3
    shift 3
    "${first[@]}" taskset -c 1 wrk -t1 "-c$connections" "-d${duration}s" --latency "$@" "$url" >"$work/wrk"
    if grep -E 'Non-2xx|Socket errors' "$work/wrk" >&2; then
        return 1
    fi
    cat "$work/wrk"
}

# Of wrk's report on standard input: requests, rate (a second), p50 or p99 (milliseconds).
requests() { awk '/requests in/ { print $1 }'; }
rate() { awk '/^Requests\/sec/ { print $2 }'; }
percentile() {
    awk -v want="$1%" '$1 == want { v = $2 + 0; if ($2 ~ /us$/) v /= 1000; else if ($2 !~ /ms$/) v *= 1000; print v }'
}

# Has wrk ask for the paths in a file in rotation: -s "$work/paths.lua"
write_paths_script() {
    cat >"$work/paths.lua" <<END
local paths = {}
for line in io.lines("$1") do paths[#paths + 1] = line end
local next_path = 0
request = function()
    next_path = next_path % #paths + 1
    return wrk.format("GET", paths[next_path])
end
END
}

# cpu_per_request FIGURE SIDE SERVER CONNECTIONS URL [WRK-OPTION...] prints a record.
cpu_per_request() {
    local figure=$1 side=$2 server=$3 connections=$4 url=$5 before after
    shift 5
    before=$(cpu_us "$server")
    load "$connections" "$seconds" "$url" "$@" >"$work/report"
    after=$(cpu_us "$server")
    awk -v f="$figure" -v s="$side" -v us="$((after - before))" -v n="$(requests <"$work/report")" \
        'BEGIN { printf "%s %s %.3f us\n", f, s, us / n }'
}

# rate_and_cpu FIGURE SIDE SERVER CONNECTIONS URL [WRK-OPTION...] prints requests a second, and as
# FIGURE-cpu what each cost.
rate_and_cpu() {
    cpu_per_request "$1-cpu" "${@:2}"
    echo "$1 $2 $(rate <"$work/report") op/s"
}

# make_minters ALGORITHM... makes in the asapd that was started last an issuer for each, a caller
# that may mint for all, and a script for wrk that does, $work/ALGORITHM.lua.
mint_path=/asap.v1.TokenService/MintToken
make_minters() {
    local algorithm
    asapctl caller create bench
    asapctl credential create bench --api-key >"$work/api-key"
    for algorithm in "$@"; do
        asapctl issuer create "bench/$algorithm" --algorithm "$algorithm"
        asapctl grant create bench --verb mint --issuer "bench/$algorithm" --audience 'orders/*'
        cat >"$work/$algorithm.lua" <<END
wrk.method = "POST"
wrk.body = '{"issuer":"bench/$algorithm","audience":["orders/api"]}'
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer $(cat "$work/api-key")"
END
    done
}
