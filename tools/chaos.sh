#!/usr/bin/env bash
# Runs the chaos harness with a provider that has the named kill points.
#
# usage: chaos.sh TERRAFORM
# CHAOS_TIME (30m), SEED (1) and SCHEDULES (300) say what; figures go to
# FIGURES/chaos.json (docs/proof), of the default seed and number only, so that
# looking at one schedule again replaces nothing.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
mkdir -p bin
go build -tags titanicml_killpoints -o bin/chaos ./provider/internal/chaos

flags=(-terraform "$1" -time "${CHAOS_TIME:-30m}" -seed "${SEED:-1}" -schedules "${SCHEDULES:-300}")
if [[ -z ${SEED:-} && -z ${SCHEDULES:-} ]]; then
  flags+=(-output "${FIGURES:-docs/proof}/chaos.json")
fi
if [[ ${SCHEDULES:-} == 1 ]]; then
  flags+=(-v)
fi
exec bin/chaos "${flags[@]}"
