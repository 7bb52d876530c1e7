#!/usr/bin/env bash
# After a promotion the endpoint answers, or the gate still waits for a person and
# there is nothing new to ask.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
decision=$("${TERRAFORM:-terraform}" -chdir=terraform/5_serving output -raw decision)
champion=$("${TERRAFORM:-terraform}" -chdir=terraform/5_serving output -json champion)
echo "decision: $decision"
if [[ $decision == pending && $champion == null ]]; then
  echo "nothing serves yet: a person approves the version (docs/runbooks/gate-rejected.md), then this runs again"
  exit 0
fi
exec scripts/release-check.sh prod endpoint
