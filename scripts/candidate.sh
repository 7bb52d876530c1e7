#!/usr/bin/env bash
# Which version stands at the gate: the one given, else the champion, so that a
# deployment of code alone changes no model. Prints TF_VAR_candidate=ARN for the
# environment, or nothing where there is no champion yet: then it is the bootstrap
# version of stage 4.
#
# usage: candidate.sh dev|prod [ARN]
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
env=${1:?usage: candidate.sh dev|prod [ARN]}
arn=${2:-}
if [[ -z $arn ]]; then
  arn=$(scripts/champion.sh "$env")
fi
if [[ -n $arn ]]; then
  if [[ ! $arn =~ ^arn:aws:sagemaker:[a-z0-9-]+:[0-9]{12}:model-package/titanic-$env-[a-z0-9-]+/[0-9]+$ ]]; then
    echo "candidate: got $arn, expected the ARN of a version of a group of $env" >&2
    exit 1
  fi
  echo "TF_VAR_candidate=$arn"
fi
