#!/usr/bin/env bash
# Generates the provider reference (docs/index.md, docs/resources, docs/actions
# and so on) from the schema that the built provider answers, and the rule pages
# (docs/rules) from the linter's metadata.
# TERRAFORM and TF_CLI_CONFIG_FILE select the CLI and the provider in bin/.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
work=$(mktemp -d "${TMPDIR:-/tmp}/titanicml-docs.XXXXXX")
trap 'rm -rf "$work"' EXIT

mkdir "$work/schema"
cat >"$work/schema/main.tf" <<'EOF'
terraform {
  required_providers {
    titanicml = { source = "titanicml/titanicml" }
  }
}
EOF
echo "reading the provider's schema"
"$TERRAFORM" -chdir="$work/schema" init -input=false >"$work/init.log" 2>&1 || { cat "$work/init.log" >&2; exit 1; }
# tfplugindocs looks for the short name; the registry host differs between
# Terraform and OpenTofu, the pages do not. Only newer CLIs print identities,
# lists and actions.
"$TERRAFORM" -chdir="$work/schema" providers schema -json |
  sed -E 's#"registry\.[a-z]+\.[a-z]+/titanicml/titanicml"#"titanicml"#' |
  go run ./scripts/schemas titanicml >"$work/schema.json"

echo "writing the provider reference"
# tfplugindocs clears the folder that it writes to, so it gets one of its own.
go tool -modfile=tools/go.mod tfplugindocs generate --provider-name titanicml \
  --providers-schema "$work/schema.json" --rendered-website-dir ".tools/reference" >"$work/docs.log" 2>&1 ||
  { cat "$work/docs.log" >&2; exit 1; }
for part in index.md resources data-sources list-resources actions functions; do
  rm -rf "docs/$part"
  if [[ -e .tools/reference/$part ]]; then
    mkdir -p docs
    mv ".tools/reference/$part" "docs/$part"
  fi
done
rm -rf .tools/reference

echo "writing the rule pages"
go generate ./linter/...

echo "writing the page of proof from its figures"
go run ./scripts/proof page -output docs/proof.md
