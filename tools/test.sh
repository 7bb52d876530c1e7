#!/usr/bin/env bash
# Runs every Go test with the race detector, acceptance tests included, and
# fails when an engine or a job of theirs outlives them. PACKAGES narrows it.
#
# usage: test.sh TERRAFORM [flags of go test]
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
cli=$1
shift

# Everything that the tests write goes here, so that what they leave running
# is known by its working directory or its arguments.
TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/titanicml-test.XXXXXX")
export TMPDIR

export TF_ACC=1 TF_ACC_TERRAFORM_PATH=$cli TERRAFORM=$cli CHECKPOINT_DISABLE=1
# OpenTofu puts a warning about a missing configuration file before its version, which the acceptance tests then cannot read.
[[ -e ${TF_CLI_CONFIG_FILE:-/} ]] || unset TF_CLI_CONFIG_FILE
version=$("$cli" version | grep -E '^(Terraform|OpenTofu) v')
if [[ $version == OpenTofu* ]]; then
  export TF_ACC_PROVIDER_HOST=registry.opentofu.org
fi

# leftovers prints the processes that were started with a path of TMPDIR or,
# where the system tells, run in it.
leftovers() {
  local pid command
  ps -axo pid=,command= | while read -r pid command; do
    if [[ $pid == "$$" || $command == *"ps -axo"* ]]; then continue; fi
    if [[ $command == *"$TMPDIR"* || $(readlink "/proc/$pid/cwd" 2>/dev/null) == "$TMPDIR"* ]]; then
      echo "  pid $pid: $command"
    fi
  done
}

echo "testing with $version and the race detector (the first run compiles everything twice)"
status=0
read -ra packages <<<"${PACKAGES:-./...}"
go test -race -timeout 20m -parallel 4 "$@" "${packages[@]}" || status=$?

left=$(leftovers)
if [[ -n $left ]]; then
  printf 'processes of the tests outlived them:\n%s\n' "$left" >&2
  status=1
fi
chmod -R u+w "$TMPDIR" 2>/dev/null || true
rm -rf "$TMPDIR"
exit "$status"
