#!/usr/bin/env bash
# Destroys stages 7 to 2 of dev in reverse order, so that deploy.sh makes them anew. Stage 1
# holds the state and stays; prod is not destroyed by a script.
#
# usage: destroy.sh dev
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
if [[ ${1:-} != dev ]]; then
  echo "usage: destroy.sh dev (prod is not destroyed by a script)" >&2
  exit 2
fi
group=titanic-dev-survival

# Terraform leaves versions and the champion where they are. SageMaker keeps a group that has versions, and a champion of
# a group that is gone could not be compared with the first candidate of the next.
forget_models() {
  aws sagemaker describe-model-package-group --model-package-group-name "$group" >/dev/null 2>&1 || return 0
  local arns arn
  arns=$(aws sagemaker list-model-packages --model-package-group-name "$group" --query 'ModelPackageSummaryList[].ModelPackageArn' --output text)
  for arn in $arns; do
    [[ $arn == None ]] || aws sagemaker delete-model-package --model-package-name "$arn"
  done
  aws s3 rm --recursive "s3://titanic-dev-store-$(go run ./scripts/stages account --env dev)/titanicml/champions/"
}

for stage in 7_observability_cost 6_orchestration 5_serving 4_ml_training 3_data 2_networking; do
  [[ $stage != 4_ml_training ]] || forget_models
  go run ./scripts/stages run --env dev init destroy "$stage"
done
