# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # the runbook and the runner set and use these
# The deployment of upgrade.md, whose new version is installed already.
asapd=asapd
backup=$scratch/backup.db
install=true
asapctl issuer create payments/api
