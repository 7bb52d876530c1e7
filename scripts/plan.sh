#!/usr/bin/env bash
# Plans the stages that a change touches, read-only, and prints a summary in Markdown.
#
# usage: plan.sh dev|prod BASE
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
env=${1:?usage: plan.sh dev|prod BASE}
base=${2:?usage: plan.sh dev|prod BASE}
export STAGES_READ_ONLY=1

TF_VAR_image_tag=$(go run ./scripts/stages image-tag)
export TF_VAR_image_tag
changed=$(go run ./scripts/stages changed --base "$base")
mapfile -t stages <<<"$changed"
if [[ -z $changed ]]; then
  echo "No stage changes."
  exit 0
fi

# Without the champion as its candidate stage 5 would plan the way back to the bootstrap version.
if [[ " ${stages[*]} " == *" 5_serving "* ]]; then
  candidate=$(scripts/candidate.sh "$env")
  [[ -z $candidate ]] || export "${candidate?}"
fi
plans=()
for stage in "${stages[@]}"; do
  log=$(mktemp)
  if ! go run ./scripts/stages run --env "$env" init plan "$stage" >"$log" 2>&1; then
    if [[ $stage != "${stages[0]}" ]]; then
      # titanicml_stage refuses a stage while the one before it has other sources than were applied.
      printf '### %s, %s\n\nPlanned once %s is applied.\n\n' "$stage" "$env" "${stages[0]}"
      continue
    fi
    tail -n 60 "$log" >&2
    echo "plan: $stage cannot be planned" >&2
    exit 1
  fi
  printf '### %s, %s\n\n%s\n\n<details><summary>Plan</summary>\n\n```\n' "$stage" "$env" \
    "$(grep -E '^(Plan:|No changes)' "$log" | head -n 1)"
  sed -E 's/\x1b\[[0-9;]*m//g; /^== /d' "$log" | tail -n 400
  printf '```\n\n</details>\n\n'
  plans+=(".titanicml/plans/$env/$stage.json")
done
scripts/cost.sh "$env" markdown "${plans[@]}"
