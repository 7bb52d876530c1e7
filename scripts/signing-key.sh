#!/usr/bin/env bash
# Imports the key that releases are signed with from GPG_PRIVATE_KEY, which no command line shows.
#
# usage: signing-key.sh
set -euo pipefail

: "${GPG_PRIVATE_KEY:?signing-key: set GPG_PRIVATE_KEY to the armoured private key (secret of the environment release)}"
gpg --batch --import <<<"$GPG_PRIVATE_KEY"
