#!/usr/bin/env bash
# Estimates what plans cost in a month, with the environment's assumptions about usage.
# Without plans it takes those that made the stages in the last rehearsal.
#
# usage: cost.sh dev|prod text|markdown|json [PLAN.json...]
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
env=${1:?usage: cost.sh dev|prod text|markdown|json [PLAN.json...]}
format=${2:?usage: cost.sh dev|prod text|markdown|json [PLAN.json...]}
shift 2

if (($# == 0)); then
  shopt -s nullglob
  set -- .titanicml/stages/plans/first/"$env".*.json
fi
if (($# == 0)); then
  echo "No plans of $env to estimate: \`make stages\` makes them."
  exit 0
fi
go run ./linter/cmd/titanicml-lint cost --usage "terraform/usage.$env.hcl" --format "$format" "$@"
