#!/usr/bin/env bash
# Prints the ARN of the version that serves, behind PREFIX, or nothing but PREFIX before the first promotion.
#
# usage: champion.sh dev|prod [PREFIX]
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
env=${1:?usage: champion.sh dev|prod [PREFIX]}
go run ./scripts/stages run --env "$env" init 5_serving >&2
outputs=$("${TERRAFORM:-terraform}" -chdir=terraform/5_serving output -json)
echo "${2:-}$(jq -r '.champion.value.model_package_arn // empty' <<<"$outputs")"
