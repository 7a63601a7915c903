# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # the runbook and the runner set and use these
# The deployment of rotate.md: an issuer with standbys.
url=$demo_url
clock -3600 # an hour ago, since when every verifier knows the keys
asapctl issuer create "$issuer"
clock 0
