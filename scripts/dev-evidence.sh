#!/usr/bin/env bash
# Promotion needs a green deployment of dev of the same commit: asks GitHub for it
# and prints the run's address.
#
# usage: dev-evidence.sh OWNER/NAME COMMIT
set -euo pipefail

repository=${1:?usage: dev-evidence.sh OWNER/NAME COMMIT}
commit=${2:?usage: dev-evidence.sh OWNER/NAME COMMIT}

run=$(gh run list --repo "$repository" --workflow deploy-dev.yml --commit "$commit" --status success \
  --limit 1 --json url --jq '.[0].url // empty')
if [[ -z $run ]]; then
  echo "dev-evidence: deploy-dev.yml has no green run of $commit; deploy this commit to dev first" >&2
  exit 1
fi
echo "$run"
