#!/usr/bin/env bash
# The checks before a release, from the founding document: the pipeline ran without
# errors, the endpoint answers, alarms are healthy, costs are within the budget.
# model is checked in addition: what serves is the artifact of an approved version.
#
# usage: release-check.sh dev|prod [pipeline|model|endpoint|alarms|costs]...
set -uo pipefail

env=${1:?usage: release-check.sh dev|prod [pipeline|model|endpoint|alarms|costs]...}
shift
checks=("$@")
((${#checks[@]} > 0)) || checks=(pipeline endpoint alarms costs)
name=titanic-$env
status=0

# Each check prints what it saw and returns whether that is good.
check_pipeline() {
  local state
  state=$(aws sagemaker list-pipeline-executions --pipeline-name "$name-survival" --max-results 1 \
    --query 'PipelineExecutionSummaries[0].PipelineExecutionStatus' --output text) || return
  echo "last execution of $name-survival: $state"
  # None: it has not run yet, and the bootstrap version serves.
  [[ $state == Succeeded || $state == None ]]
}

check_model() {
  local config model served approved arn
  config=$(aws sagemaker describe-endpoint --endpoint-name "$name-survival" --query EndpointConfigName --output text) || return
  model=$(aws sagemaker describe-endpoint-config --endpoint-config-name "$config" --query 'ProductionVariants[0].ModelName' --output text) || return
  served=$(aws sagemaker describe-model --model-name "$model" --query PrimaryContainer.ModelDataUrl --output text) || return
  approved=$(aws sagemaker list-model-packages --model-package-group-name "$name-survival" --model-approval-status Approved \
    --query 'ModelPackageSummaryList[].ModelPackageArn' --output text) || return
  for arn in $approved; do
    [[ $arn != None ]] || continue
    if [[ $(aws sagemaker describe-model-package --model-package-name "$arn" --query 'InferenceSpecification.Containers[0].ModelDataUrl' --output text) == "$served" ]]; then
      echo "endpoint $name-survival serves version ${arn##*/}, which is approved"
      return
    fi
  done
  echo "endpoint $name-survival serves $served, which no approved version has"
  return 1
}

check_endpoint() {
  local state answer score
  state=$(aws sagemaker describe-endpoint --endpoint-name "$name-survival" --query EndpointStatus --output text) || return
  echo "endpoint $name-survival: $state"
  [[ $state == InService ]] || return
  answer=$(mktemp -d) || return
  # A file is the same to versions 1 and 2 of the AWS CLI, text is base64 to one of them.
  printf '3,male,22,1,0' >"$answer/question"
  aws sagemaker-runtime invoke-endpoint --endpoint-name "$name-survival" --content-type text/csv --accept application/json \
    --body "fileb://$answer/question" "$answer/answer" >/dev/null || { rm -rf "$answer"; return 1; }
  score=$(jq -r '.predictions[0].score' "$answer/answer")
  rm -rf "$answer"
  echo "a man of 22 in third class survives with probability $score"
  jq -ne --arg score "$score" '($score | tonumber) >= 0 and ($score | tonumber) <= 1' >/dev/null 2>&1
}

check_alarms() {
  local state
  state=$(aws cloudwatch describe-alarms --alarm-names "$name-release-health" --alarm-types CompositeAlarm \
    --query 'CompositeAlarms[0].StateValue' --output text) || return
  echo "alarm $name-release-health: $state"
  [[ $state == OK ]]
}

check_costs() {
  local account budget
  account=$(aws sts get-caller-identity --query Account --output text) || return
  budget=$(aws budgets describe-budget --account-id "$account" --budget-name "$name-monthly" --output json) || return
  jq -r '.Budget | "spent \(.CalculatedSpend.ActualSpend.Amount) of \(.BudgetLimit.Amount) \(.BudgetLimit.Unit), forecast \(.CalculatedSpend.ForecastedSpend.Amount // "not known yet")"' <<<"$budget"
  jq -e '.Budget | (.BudgetLimit.Amount | tonumber) as $limit
    | (.CalculatedSpend.ActualSpend.Amount | tonumber) <= $limit and ((.CalculatedSpend.ForecastedSpend.Amount // "0") | tonumber) <= $limit' <<<"$budget" >/dev/null
}

for check in "${checks[@]}"; do
  if ! declare -F "check_$check" >/dev/null; then
    echo "release-check: got the check $check, expected pipeline, model, endpoint, alarms or costs" >&2
    exit 2
  fi
  if seen=$("check_$check" 2>&1); then
    echo "ok    $check: ${seen//$'\n'/; }"
  else
    echo "FAIL  $check: ${seen//$'\n'/; }"
    status=1
  fi
done
exit "$status"
