#!/usr/bin/env bash
# Deploys the stages in order: plans each and applies that very plan, builds the
# images and seeds the data after stage 3 has made the places for them, and counts
# into CloudWatch.
# Stage 1 is applied by an administrator, so that here it must have no changes. CANDIDATE is
# the version to put before the gate, TF_VAR_candidate the same with a TF_VAR_rollback_reason.
#
# usage: deploy.sh dev|prod [STAGE...]
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
env=${1:?usage: deploy.sh dev|prod [STAGE...]}
shift
stages=("$@")
if ((${#stages[@]} == 0)); then
  stages=(1_foundation 2_networking 3_data 4_ml_training 5_serving 6_orchestration 7_observability_cost)
fi

TF_VAR_image_tag=$(go run ./scripts/stages image-tag)
export TF_VAR_image_tag

# Without a candidate the champion stays: code alone changes no model.
if [[ -z ${TF_VAR_candidate:-} ]]; then
  candidate=$(scripts/candidate.sh "$env" "${CANDIDATE:-}")
  [[ -z $candidate ]] || export "${candidate?}"
fi

# metric NAME VALUE UNIT STAGE
metric() {
  aws cloudwatch put-metric-data --namespace Titanic/Stages --metric-name "$1" --value "$2" --unit "$3" \
    --dimensions "Environment=$env,Stage=$4"
}

# The caller asks whether it succeeded, and then bash goes on after a command that fails: hence every return.
deploy() {
  if [[ $1 == 1_foundation ]]; then
    STAGES_READ_ONLY=1 go run ./scripts/stages run --env "$env" init plan "$1" || return
    if jq -e '[.resource_changes[]? | select(.mode == "managed" and .change.actions != ["no-op"])] | length > 0' \
      ".titanicml/plans/$env/$1.json" >/dev/null; then
      echo "deploy: stage 1 has changes; an administrator applies them (make bootstrap ENV=$env)" >&2
      return 1
    fi
    return 0
  fi
  go run ./scripts/stages run --env "$env" init plan apply "$1" || return
  case $1 in
  # Autoscaling follows the first promotion, which the plan above could not know.
  5_serving) go run ./scripts/stages run --env "$env" plan apply "$1" || return ;;
  3_data) scripts/seed.sh "$env" && scripts/images.sh "$env" "$TF_VAR_image_tag" || return ;;
  esac
}

for stage in "${stages[@]}"; do
  started=$SECONDS
  if deploy "$stage"; then
    metric Succeeded 1 Count "$stage"
  else
    metric Failed 1 Count "$stage"
    exit 1
  fi
  metric Duration $((SECONDS - started)) Seconds "$stage"
done
