#!/usr/bin/env bash
# Checks formatting, vets and lints Go, HCL and workflows, with our own linter
# over our own stages.
#
# usage: lint.sh TERRAFORM
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
cli=$1
status=0

# check NAME COMMAND...: runs one check, and keeps going after a failure.
check() {
  local name=$1
  shift
  if "$@"; then echo "ok    $name"; else echo "FAIL  $name" >&2; status=1; fi
}

gofmt_clean() {
  local files
  files=$(git ls-files --cached --others --exclude-standard '*.go' | xargs gofmt -l)
  [[ -z $files ]] || { printf 'not gofmt-ed:\n%s\n' "$files" >&2; return 1; }
}

# Testdata is written to be wrong, and stays as it is.
hcl_clean() {
  git ls-files --cached --others --exclude-standard -- '*.tf' '*.tfvars' '*.tftest.hcl' ':!:**/testdata/**' |
    xargs "$cli" fmt -check
}

workflows_clean() {
  [[ ! -d .github/workflows ]] || go tool -modfile=tools/go.mod actionlint -shellcheck= -pyflakes=
}

check "gofmt" gofmt_clean
check "go vet" go vet ./...
check "staticcheck" go tool -modfile=tools/go.mod staticcheck ./...
check "terraform fmt" hcl_clean
check "actionlint" workflows_clean
check "titanicml-lint" bin/titanicml-lint --recursive terraform examples
exit "$status"
