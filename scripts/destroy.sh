#!/usr/bin/env bash
# Destroys stages 7 to 2 of dev in reverse order. Stage 1 holds the state and stays;
# prod is not destroyed by a script.
#
# usage: destroy.sh dev
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
if [[ ${1:-} != dev ]]; then
  echo "usage: destroy.sh dev (prod is not destroyed by a script)" >&2
  exit 2
fi
for stage in 7_observability_cost 6_orchestration 5_serving 4_ml_training 3_data 2_networking; do
  go run ./scripts/stages run --env dev init destroy "$stage"
done
