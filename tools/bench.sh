#!/usr/bin/env bash
# Measures what the documents say, each figure as a ratio against a baseline of
# the same run where it has one. TERRAFORM and TF_CLI_CONFIG_FILE select the CLI
# and the provider in bin/. Exits 1 when a figure misses its bound.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
status=0

echo "== the engine and the provider"
go run ./provider/internal/figures -terraform "$TERRAFORM" || status=1

echo
echo "== stored jobs: one description, one page of a list"
go test -run '^$' -bench 'Describe|List' -benchtime 200x ./provider/internal/engine || status=1

echo
echo "== the workload: training time and cross-validation"
go test -run TestCrossValidation -v ./examples/titanic/internal/survival || status=1
go test -run '^$' -bench . ./examples/titanic/... || status=1

echo
echo "== the gate"
go test -run '^$' -bench . -benchmem ./provider/internal/gate/... || status=1
exit "$status"
