#!/usr/bin/env bash
# Puts the public data set where a run starts from, so that there is something to train on before the first delivery. What lies there
# already was delivered, and stays.
#
# usage: seed.sh dev|prod
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
env=${1:?usage: seed.sh dev|prod}
bucket=titanic-$env-datasets-$(go run ./scripts/stages account --env "$env")
key=raw/titanic.csv

if aws s3api head-object --bucket "$bucket" --key "$key" >/dev/null 2>&1; then
  echo "seed: s3://$bucket/$key is there"
  exit 0
fi
aws s3 cp --no-progress examples/titanic/data/titanic.csv "s3://$bucket/$key"
