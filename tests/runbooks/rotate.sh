# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # the runbook and the runner set and use these
# The deployment of rotate.md: an issuer whose standbys every verifier knows by now.
url=$demo_url
asapctl issuer create "$issuer"
clock 3600
