#!/bin/sh
# What an operator does with the packages, on a Debian where /srv/first is installed and systemd
# runs. Prints what holds; ends at the first thing that does not.
set -eu

passed=0

# holds SENTENCE COMMAND [ARGUMENT ...]
# In the background, since a function that is a condition goes on after a failure.
holds() {
    sentence=$1
    shift
    "$@" >/tmp/said 2>&1 &
    if ! wait $!; then
        cat /tmp/said
        echo "  NOT: $sentence"
        journalctl --quiet --no-pager --lines 20 --unit asapd || true
        echo "packages: $passed passed, 1 failed"
        exit 1
    fi
    echo "  $sentence"
    passed=$((passed + 1))
}

fails() {
    ! "$@"
}

# says TEXT COMMAND [ARGUMENT ...]
says() {
    text=$1
    shift
    "$@" | grep -q -- "$text"
}

is() {
    [ "$1" = "$2" ] || { echo "$1, not $2"; return 1; }
}

fetch() {
    curl --silent --show-error --fail --cacert /etc/asapd/ca.pem "https://localhost:8443/$1"
}

main_pid() {
    systemctl show --property MainPID --value asapd
}

# Of /proc/PID/status of the service, the first word behind a name.
status_of_process() {
    sed -n "s/^$1:[[:space:]]*\([^[:space:]]*\).*/\1/p" "/proc/$(main_pid)/status"
}

# Whoever could read these could sign.
secrets_are_closed() {
    for file in /etc/asapd /etc/asapd/kek /etc/asapd/server.key /etc/asapd/asapd.conf \
        /var/lib/private/asapd/asapd.db; do
        case $(stat -c %a "$file") in
        700 | 600 | 400) ;;
        *) ls -ld "$file"; return 1 ;;
        esac
    done
}

state() {
    sha256sum /etc/asapd/*
}

consumer_works() {
    make -s -C /usr/share/doc/libasap-dev/examples BUILD=/tmp/examples
    asapctl issuer create demo/external --external
    asapctl key generate demo/external --private-dir /tmp/private --now
    /tmp/examples/asap-sign --private-dir /tmp/private --issuer demo/external --audience web >/tmp/token
    /tmp/examples/asap-verify --repository https://localhost:8443 --cacert /etc/asapd/ca.pem --audience web </tmp/token
}

systemd_finds_nothing() {
    is "$(systemd-analyze verify --man=no asapd.service 2>&1)" ""
}

# The lines of asapd(8), with a certificate in another place.
drop_ins_work() {
    mkdir -p /etc/systemd/system/asapd.service.d /srv/live
    mv /etc/asapd/server.pem /etc/asapd/server.key /srv/live
    cat >/etc/systemd/system/asapd.service.d/override.conf <<END
[Service]
LoadCredential=server.pem:/srv/live/server.pem
LoadCredential=server.key:/srv/live/server.key
Environment=ASAPD_PUBLIC_LISTEN=https://[::]:443
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
END
    systemctl daemon-reload
    systemctl restart asapd
    curl --silent --show-error --fail --cacert /etc/asapd/ca.pem "https://localhost/$key"
    mv /srv/live/* /etc/asapd
    rm -r /etc/systemd/system/asapd.service.d
    systemctl daemon-reload
    systemctl restart asapd
}

wrong_settings_stop_it() {
    cp -p /etc/asapd/asapd.conf /srv
    echo 'max_age = soon' >>/etc/asapd/asapd.conf
    fails systemctl restart asapd
    is "$(systemctl is-active asapd || true)" failed
    mv /srv/asapd.conf /etc/asapd
    systemctl restart asapd
}

# The commands of a runbook, in one shell; the second argument is put behind its variables.
follow() {
    awk -v values="$2" '
        /^```sh$/ { inside = 1; next }
        /^```/ { if (inside && !fences++) print values; inside = 0 }
        inside' "/usr/share/doc/asapd/runbooks/$1.md" >/srv/runbook.sh
    bash -euo pipefail -x /srv/runbook.sh
}

# PostgreSQL knows the service by its user. The times of a demo leave no room for other servers.
make_postgresql() {
    sed -i 's/^publish_lead = 21s/publish_lead = 26s/' /etc/asapd/asapd.conf
    echo "replica_lag = 5s" >>/etc/asapd/asapd.conf
    systemctl start postgresql
    runuser -u postgres -- createuser asapd
    runuser -u postgres -- createdb --owner asapd --encoding UTF8 --template template0 asapd
}

# A user of this machine, known on the socket by his user id.
user_is_known() {
    useradd --create-home carol
    sed -i 's/^#* *admin_socket_mode = .*/admin_socket_mode = 0666/' /etc/asapd/asapd.conf
    grep -q '^admin_socket_mode = 0666' /etc/asapd/asapd.conf
    systemctl restart asapd
    asapctl caller create carol
    asapctl credential create carol --uid "$(id -u carol)"
    asapctl grant create carol --verb mint --issuer payments/api --audience web
    says '^ey' runuser -u carol -- asapctl token mint payments/api --audience web
}

holds "installed, the service is enabled" systemctl is-enabled asapd
holds "it does not start before asapd init" is "$(systemctl is-active asapd || true)" inactive
holds "installing made no secrets" fails test -e /etc/asapd
holds "nor a database" fails test -e /var/lib/asapd
holds "systemd-analyze verify has nothing to say of the unit" systemd_finds_nothing
holds "its exposure is at most 1.5" systemd-analyze security --threshold=15 --no-pager asapd.service

holds "asapd init --system makes what the service needs" asapd init --system --demo
holds "the service starts" systemctl start asapd
holds "systemd calls it running" systemctl is-active asapd
holds "its user is one that systemd made for it" test "$(status_of_process Uid)" -ge 61184
holds "it has no capabilities" is "$(status_of_process CapEff)" 0000000000000000
holds "it can get none" is "$(status_of_process NoNewPrivs)" 1
holds "its system calls are filtered" is "$(status_of_process Seccomp)" 2
holds "nobody else can read the secrets" secrets_are_closed
holds "the KEK that it reads is a credential" test -e /run/credentials/asapd.service/kek
holds "it is ready" says ok curl --silent --fail http://127.0.0.1:9464/readyz
holds "asapctl makes an issuer with no options" asapctl issuer create payments/api
key=$(asapctl key list payments/api | sed -n 's/ *active .*//p')
holds "curl fetches its key" says "BEGIN PUBLIC KEY" fetch "$key"
holds "programs build with libasap-dev, sign and verify" says demo/external consumer_works

before=$(state)
published=$(fetch "$key")
holds "a second init is refused" fails asapd init --system
holds "and changes nothing" is "$(state)" "$before"
holds "reload keeps it running" systemctl reload asapd
pid=$(main_pid)

holds "apt upgrades to a later version" sh -c 'apt-get install -y /srv/later/*.deb'
holds "which is installed" says +later dpkg-query -W asapd
holds "the upgrade restarted the service" fails is "$(main_pid)" "$pid"
holds "which runs" systemctl is-active asapd
holds "configuration, KEK and certificate are as they were" is "$(state)" "$before"
holds "the key is, too" is "$(fetch "$key")" "$published"

holds "apt remove stops the service" apt-get remove -y asapd
holds "which is gone" fails curl --silent http://127.0.0.1:9464/healthz
holds "but its files stay" is "$(state)" "$before"
holds "it can be installed again" sh -c 'apt-get install -y /srv/later/asapd_*.deb'
holds "and runs at once" systemctl is-active asapd
holds "with the same key" is "$(fetch "$key")" "$published"

holds "asapd-service runs commands as the service does" says good asapd-service serve --check-config
holds "the commands of upgrade.md succeed" follow upgrade ""
holds "the commands of restore.md do" follow restore ""
holds "the commands of kek-rotation.md do" follow kek-rotation ""
holds "drop-ins give it port 443 and a certificate from elsewhere" drop_ins_work
holds "wrong settings are not tried again and again" wrong_settings_stop_it
holds "a user of the machine mints by his user id" user_is_known

holds "there is a PostgreSQL" make_postgresql
holds "the commands of moving-to-postgresql.md succeed" \
    follow moving-to-postgresql "new='postgresql:///asapd?host=/run/postgresql'"
holds "from where the key is as it was" is "$(fetch "$key")" "$published"

holds "apt purge says that the KEK stays" says "kept /etc/asapd/kek" sh -c 'apt-get purge -y asapd 2>&1'
holds "it does, and the old one" is "$(echo /etc/asapd/*)" "/etc/asapd/kek /etc/asapd/kek.old"
holds "database and configuration are gone" fails ls -d /var/lib/asapd /var/lib/private/asapd
holds "the other packages leave nothing behind" apt-get purge -y asapctl libasap-dev libasap0 libasap-microhttpd0
holds "no file of theirs" is "$(find / -xdev -name '*asap*' ! -path '/srv/*' ! -path '/tmp/*' ! -path '/var/log/*' ! -path '/var/lib/apt/*' ! -path '/var/cache/*' ! -path '/etc/asapd')" ""
echo "packages: $passed passed, 0 failed"
