#!/usr/bin/env bash
# Ends the demo's engine, and removes what the build and the demo made here.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

if [[ -d examples/quickstart/.titanicml && -x bin/titanicml-local ]]; then
  bin/titanicml-local stop --data-dir examples/quickstart/.titanicml
fi
# -X: only what .gitignore names, so that no source is ever removed; .tools
# holds an OpenTofu that took minutes to build, and stays.
git clean -qfdX -e '!.tools' -- examples
rm -rf bin dist .tools/mirror
echo "removed bin/, .tools/mirror and the demo's state, records and logs"
