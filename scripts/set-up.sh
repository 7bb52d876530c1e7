#!/usr/bin/env bash
# Builds what a run of the stages needs (provider, functions, data) and prints the environment for it, a line for each variable: how
# Terraform finds the provider. A workflow appends that to $GITHUB_ENV.
#
# usage: set-up.sh
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
make build lambdas stages-data >&2
echo "TF_CLI_CONFIG_FILE=$(tools/mirror.sh "$(cat VERSION)")"
