#!/usr/bin/env bash
# Plans every stage without a lock and tells what differs from what was applied. The
# endpoint of dev is no drift while it is suspended outside working hours.
#
# usage: drift.sh dev|prod
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
env=${1:?usage: drift.sh dev|prod}
export STAGES_READ_ONLY=1
TF_VAR_image_tag=$(go run ./scripts/stages image-tag)
export TF_VAR_image_tag
status=0

# Without a candidate the champion stays: code alone changes no model.
if [[ -z ${TF_VAR_candidate:-} ]]; then
  candidate=$(scripts/candidate.sh "$env" "${CANDIDATE:-}")
  [[ -z $candidate ]] || export "${candidate?}"
fi

for stage in 1_foundation 2_networking 3_data 4_ml_training 5_serving 6_orchestration 7_observability_cost; do
  go run ./scripts/stages run --env "$env" init plan "$stage" >/dev/null
  drifted=$(jq -r --arg env "$env" '.resource_changes[]? | select(.mode == "managed" and .change.actions != ["no-op"])
    | select(($env == "dev" and .address == "titanicml_endpoint.survival" and .change.actions == ["create"]) | not) | "- `\(.address)`: \(.change.actions | join(", "))"' \
    ".titanicml/plans/$env/$stage.json")
  if [[ -n $drifted ]]; then
    printf '### %s\n\n%s\n\n' "$stage" "$drifted"
    status=1
  else
    echo "$stage: no drift"
  fi
done
exit "$status"
