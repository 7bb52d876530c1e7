#!/usr/bin/env bash
# Lays the provider in bin/ out as a Terraform filesystem mirror under DIR (by
# default .tools/mirror) for both registry hosts, and prints the path of a CLI
# configuration file that installs it from there. Other providers still come
# from their registries.
#
# usage: mirror.sh VERSION [DIR]
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
version=$1
dir=${2:-$root/.tools/mirror}
platform=$(go env GOOS)_$(go env GOARCH)

for host in registry.terraform.io registry.opentofu.org; do
  target=$dir/$host/titanicml/titanicml/$version/$platform
  mkdir -p "$target"
  # A new file and a rename: Terraform may be running the old one right now.
  cp "$root/bin/terraform-provider-titanicml" "$target/.new"
  mv -f "$target/.new" "$target/terraform-provider-titanicml_v$version"
done

config=$dir/cli.tfrc
cat >"$config.new" <<EOF
provider_installation {
  filesystem_mirror {
    path    = "$dir"
    include = ["registry.terraform.io/titanicml/titanicml", "registry.opentofu.org/titanicml/titanicml"]
  }
  direct {
    exclude = ["registry.terraform.io/titanicml/titanicml", "registry.opentofu.org/titanicml/titanicml"]
  }
}
EOF
mv -f "$config.new" "$config"
echo "$config"
