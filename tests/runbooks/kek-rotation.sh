# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # the runbook and the runner set and use these
# The deployment of kek-rotation.md.
asapd=asapd
kek=$demo/kek
new=$demo/kek.new
old=$scratch/kek.old
backup=$scratch/backup.db
asapctl issuer create "$issuer"
