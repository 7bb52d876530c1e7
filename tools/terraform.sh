#!/usr/bin/env bash
# Prints the path of a Terraform CLI of version 1.8 or newer: terraform or tofu
# from PATH, else an OpenTofu built once into .tools/ from the Go module proxy.
# TITANICML_TERRAFORM names one to use instead. With the argument tofu only an
# OpenTofu will do. Messages go to standard error.
#
# usage: terraform.sh [tofu]
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tofu_version=v1.12.6
minimum="1.8"

# version_of prints the version that a CLI says it has, such as 1.11.4.
version_of() {
  "$1" version 2>/dev/null | sed -nE 's/^(Terraform|OpenTofu) v([0-9]+\.[0-9]+(\.[0-9]+)?).*/\2/p'
}

# recent_enough tells whether version $1 is at least the minimum.
recent_enough() {
  [[ -n $1 && $(printf '%s\n%s\n' "$minimum" "$1" | sort -V | head -n 1) == "$minimum" ]]
}

names=(terraform tofu)
case "$*" in
  "") ;;
  tofu) names=(tofu) ;;
  *)
    echo "usage: terraform.sh [tofu]; got: $*" >&2
    exit 1
    ;;
esac

if [[ $# == 0 && -n ${TITANICML_TERRAFORM:-} ]]; then
  version=$(version_of "$TITANICML_TERRAFORM") || true
  if ! recent_enough "$version"; then
    echo "TITANICML_TERRAFORM=$TITANICML_TERRAFORM: want terraform or tofu >= $minimum, got ${version:-no version}" >&2
    exit 1
  fi
  command -v "$TITANICML_TERRAFORM"
  exit 0
fi

for name in "${names[@]}"; do
  if path=$(command -v "$name") && recent_enough "$(version_of "$path")"; then
    echo "$path"
    exit 0
  fi
done

tofu=$root/.tools/tofu-$tofu_version
if [[ -x $tofu ]]; then
  echo "$tofu"
  exit 0
fi

echo "No $(IFS=/; echo "${names[*]}") >= $minimum on PATH: building OpenTofu $tofu_version once into .tools/ (about 4 minutes on 2 cores)." >&2
mkdir -p "$root/.tools"
find "$root/.tools" -maxdepth 1 -name 'tofu-build.*' -mmin +60 -exec rm -rf {} + # of builds that were killed
work=$(mktemp -d "$root/.tools/tofu-build.XXXXXX")
trap 'chmod -R u+w "$work" 2>/dev/null; rm -rf "$work"' EXIT

echo "  1/3 fetching the source of OpenTofu and its modules" >&2
# The module has replace directives, so that "go install" refuses it: its
# source is copied out of the module cache and built in place.
(cd "$work" && GOFLAGS=-mod=mod go mod download -json "github.com/opentofu/opentofu@$tofu_version" >module.json)
source_dir=$(sed -nE 's/^[[:space:]]*"Dir": "(.*)",?$/\1/p' "$work/module.json")
cp -R "$source_dir" "$work/src"
chmod -R u+w "$work/src"
(cd "$work/src" && GOWORK=off go mod download 2>"$work/download.log") || { cat "$work/download.log" >&2; exit 1; }

echo "  2/3 compiling" >&2
start=$SECONDS
(cd "$work/src" && GOWORK=off CGO_ENABLED=0 go build -trimpath \
  -ldflags "-s -w -X github.com/opentofu/opentofu/version.dev=no" -o "$work/tofu" ./cmd/tofu) &
build=$!
# Ctrl-C or a TERM of this script ends the compiler with it.
trap 'kill "$build" 2>/dev/null; exit 130' INT TERM
while kill -0 "$build" 2>/dev/null; do
  sleep 1
  elapsed=$((SECONDS - start))
  if ((elapsed > 0 && elapsed % 15 == 0)); then
    echo "      still compiling, ${elapsed} s" >&2
  fi
done
wait "$build"

echo "  3/3 installing .tools/tofu-$tofu_version" >&2
mv "$work/tofu" "$tofu"
echo "$tofu"
