#!/usr/bin/env bash
# Measures the linter: generated monorepos against parsing alone, small and
# nested modules. BENCH_PEERS=1 builds tfsec and tflint with Go and compares with
# them; BENCH_TFLINT_AWS is the path of a tflint-ruleset-aws for tflint to use,
# which makes that take some ten minutes. ROOTS and ROUNDS set the sizes. With
# PROOF=DIR the figures go there as JSON too. Needs bin/titanicml-lint. Ends with
# status 1 when a figure misses its bound.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
arguments=(-lint bin/titanicml-lint -roots "${ROOTS:-2000}" -rounds "${ROUNDS:-5}")
[[ -z ${PROOF:-} ]] || arguments+=(-output "$PROOF")

peers=
benchlint=$(mktemp)
trap 'rm -rf "$benchlint" ${peers:+"$peers"}' EXIT

if [[ ${BENCH_PEERS:-} == 1 ]]; then
  peers=$(mktemp -d)
  for module in github.com/aquasecurity/tfsec/cmd/tfsec@v1.26.0 \
    github.com/terraform-linters/tflint@v0.64.0; do
    echo "building $module"
    GOBIN=$peers GOFLAGS=-mod=mod go install "$module" || echo "cannot build $module; going on without it" >&2
  done
  [[ -z ${BENCH_TFLINT_AWS:-} ]] || cp "$BENCH_TFLINT_AWS" "$peers/tflint-ruleset-aws"
  arguments+=(-peers "$peers")
fi

# Built first, so that the compiler is not measured.
go build -o "$benchlint" ./linter/internal/benchlint
"$benchlint" "${arguments[@]}"
