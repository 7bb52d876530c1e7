#!/usr/bin/env bash
# The checks before a release, from the founding document: the pipeline ran without
# errors, the endpoint answers, alarms are healthy, costs are within the budget.
# model is checked in addition: the newest approved version is the one that serves.
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
  local state
  state=$(aws sagemaker list-model-packages --model-package-group-name "$name-survival" --model-approval-status Approved \
    --max-results 1 --query 'length(ModelPackageSummaryList)' --output text) || return
  echo "approved versions of $name-survival: ${state/1/at least 1}"
  [[ $state == 1 ]]
}

check_endpoint() {
  local state answer score
  state=$(aws sagemaker describe-endpoint --endpoint-name "$name-survival" --query EndpointStatus --output text) || return
  echo "endpoint $name-survival: $state"
  [[ $state == InService ]] || return
  answer=$(mktemp) || return
  aws sagemaker-runtime invoke-endpoint --endpoint-name "$name-survival" --content-type text/csv --accept application/json \
    --cli-binary-format raw-in-base64-out --body '3,male,22,1,0' "$answer" >/dev/null || { rm -f "$answer"; return 1; }
  score=$(jq -r '.predictions[0].score' "$answer")
  rm -f "$answer"
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
