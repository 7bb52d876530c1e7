#!/usr/bin/env bash
# Runs the measurements and writes docs/proof.md from the figures in docs/proof.
# The long runs (make fuzz, make chaos, make soak) put their own figures there;
# PAGE_ONLY=1 writes the page from what is there and measures nothing.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
status=0
if [[ ${PAGE_ONLY:-} != 1 ]]; then
  PROOF=$root/docs/proof tools/bench.sh || status=1
  PROOF=$root/docs/proof BENCH_PEERS=1 tools/bench-lint.sh || status=1
fi
go run ./scripts/proof page -output docs/proof.md
echo "docs/proof.md is written"
exit "$status"
