#!/usr/bin/env bash
# Measures what the documents say, each figure as a ratio against a baseline of
# the same run where it has one. TERRAFORM and TF_CLI_CONFIG_FILE select the CLI
# and the provider in bin/. With PROOF=DIR the figures go there as JSON too. Ends
# with status 1 when a figure misses its bound.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
status=0

# output prints the flag that keeps the figures of run $1.
output() { [[ -z ${PROOF:-} ]] || echo "-output=$PROOF/$1.json"; }

# bench runs the benchmarks of the packages after -- and holds them to the promises under the name $1.
bench() {
  local name=$1
  shift
  go test -run '^$' "$@" | go run ./scripts/proof bench -name "$name" -command "make bench" $(output "$name") || status=1
}

# A provider that is not ours, to say what 200 resources of any plugin cost.
peer=$root/.tools/peer
if [[ ! -x $peer/terraform-provider-time ]]; then
  echo "building hashicorp/time, whose plan ours is compared with"
  GOBIN=$peer GOFLAGS=-mod=mod go install github.com/hashicorp/terraform-provider-time@v0.14.2
fi

echo "== the engine and the provider"
go run ./provider/internal/figures -terraform "$TERRAFORM" -peer "$peer/terraform-provider-time" $(output provider) || status=1

echo
echo "== stored jobs: one description, one page of a list"
bench jobs -bench 'Describe|List' -benchtime 200x ./provider/internal/engine

echo
echo "== the workload: cross-validation"
bench workload -bench Train ./examples/titanic/internal/survival

echo
echo "== the gate"
bench gate -bench . -benchmem ./provider/internal/gate
exit "$status"
