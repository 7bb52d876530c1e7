#!/usr/bin/env bash
# What a deployment leaves behind as its evidence: commit, run, image tag, the
# champion with its decision, and what the checks said. JSON on standard output.
#
# usage: evidence.sh dev|prod
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
env=${1:?usage: evidence.sh dev|prod}

champion=$("${TERRAFORM:-terraform}" -chdir=terraform/5_serving output -json champion)
decision=$("${TERRAFORM:-terraform}" -chdir=terraform/5_serving output -raw decision)
checks=$(scripts/release-check.sh "$env" pipeline model endpoint || true)
jq -n --arg env "$env" --arg commit "$(git rev-parse HEAD)" --arg image_tag "$(go run ./scripts/stages image-tag)" \
  --arg run "${GITHUB_SERVER_URL:-}/${GITHUB_REPOSITORY:-}/actions/runs/${GITHUB_RUN_ID:-}" \
  --arg at "$(date -u +%FT%TZ)" --arg decision "$decision" --argjson champion "$champion" --arg checks "$checks" \
  '{environment: $env, commit: $commit, at: $at, run: (if $run == "//actions/runs/" then null else $run end),
    image_tag: $image_tag, decision: $decision, champion: $champion, checks: ($checks | split("\n"))}'
