# CPU time of one key download with keep-alive, all keys in rotation, by asapd and by nginx.
# shellcheck shell=bash disable=SC2154

cache='add_header Cache-Control "public, max-age=300, stale-while-revalidate=300, stale-if-error=300";'

setup() {
    need_packages nginx-light wrk curl procps
    need_targets asapd fill_store
    local port plain_port tls_port body

    init_asapd http http
    mkdir "$work/files"
    "$bin/tests/bench/fill_store" "sqlite:$work/http/asapd.db" "$(scale 20000 200)" \
        "$work/files" >"$work/paths"
    cp -r "$work/http" "$work/https"
    sed -i -e "s,$work/http/,$work/https/," -e 's,^\(public_listen *=* *\)http:,\1https:,' \
        "$work/https/asapd.conf"

    start_asapd http http
    asapd_http=$server asapd_http_url=$url
    start_asapd https https
    asapd_https=$server asapd_https_url=$url
    port=$(free_port)
    body=$(sed 's/$/\\n/' "$work/files$(head -n 1 "$work/paths")" | tr -d '\n')
    start_nginx return "listen 127.0.0.1:$port;" "$cache" "location / { return 200 \"$body\"; }"
    return=$server return_url=http://127.0.0.1:$port
    plain_port=$(free_port) tls_port=$(free_port)
    start_nginx static "listen 127.0.0.1:$plain_port;" "listen 127.0.0.1:$tls_port ssl;" \
        "ssl_certificate $work/https/server.pem;" "ssl_certificate_key $work/https/server.key;" \
        "$cache" "root $work/files;"
    static=$server static_http_url=http://127.0.0.1:$plain_port
    static_https_url=https://127.0.0.1:$tls_port

    write_paths_script "$work/paths"
    for url in "$asapd_http_url" "$asapd_https_url" "$return_url" "$static_http_url" \
        "$static_https_url"; do
        wait_for "$server" curl -sfk -o /dev/null "$url$(head -n 1 "$work/paths")"
    done
}

round() {
    cpu_per_request download-http asapd "$asapd_http" 64 "$asapd_http_url" -s "$work/paths.lua"
    cpu_per_request download-http nginx "$static" 64 "$static_http_url" -s "$work/paths.lua"
    cpu_per_request download-http nginx-return "$return" 64 "$return_url" -s "$work/paths.lua"
    # Few, since a handshake costs hundreds of downloads.
    cpu_per_request download-https asapd "$asapd_https" 16 "$asapd_https_url" -s "$work/paths.lua"
    cpu_per_request download-https nginx "$static" 16 "$static_https_url" -s "$work/paths.lua"
}
