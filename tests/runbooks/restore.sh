# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # the runbook and the runner set and use these
# The deployment of restore.md.
asapd=asapd
database=$demo/asapd.db
backup=$scratch/backup.db
lost=$scratch/lost
asapctl issuer create "$issuer"
