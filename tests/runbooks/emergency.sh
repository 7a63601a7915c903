# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # the runbook and the runner set and use these
# The deployment of emergency.md: a managed issuer, an external one, and a caller with an API key.
url=$demo_url
clock -3600 # an hour ago, since when every verifier knows the keys
export CURL_CA_BUNDLE="$demo/ca.pem"
asapctl issuer create "$issuer"
asapctl issuer create "$external" --external
asapctl key generate "$external" --private-dir "$scratch/private" --now
asapctl caller create "$caller"
asapctl credential create "$caller" --api-key
clock 0
