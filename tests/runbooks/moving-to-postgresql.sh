# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # the runbook and the runner set and use these
# The deployment of moving-to-postgresql.md, with a PostgreSQL that ends with this shell.
asapd=asapd
conf=$ASAPD_CONFIG
old=sqlite:$demo/asapd.db
backup=$scratch/backup.db
# shellcheck disable=SC2016 # the inner shell expands it
coproc server { "$(dirname "${BASH_SOURCE[0]}")/../support/postgres.sh" sh -c 'echo "$ASAP_TEST_POSTGRES"; cat'; }
read -r new <&"${server[0]}"
asapctl issuer create "$issuer"
sed -i 's/^publish_lead = 21s/publish_lead = 26s/' "$conf"
echo "replica_lag = 5s" >>"$conf"
