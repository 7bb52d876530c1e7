#!/usr/bin/env bash
# Applies stage 1, as an administrator of the account: the first time on a state of its own, which then moves into the bucket that
# it made; later changes on that state. Terraform shows its plan and asks. Then GitHub's environments, where gh is logged in.
#
# usage: bootstrap.sh dev|prod
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
env=${1:?usage: bootstrap.sh dev|prod}
cli=${TERRAFORM:-terraform}

stop() {
  echo "bootstrap: $*" >&2
  exit 1
}

expected=$(go run ./scripts/stages account --env "$env")
region=$(go run ./scripts/stages region)
repository=$(go run ./scripts/stages repository)
account=$(aws sts get-caller-identity --query Account --output text)
[[ $account == "$expected" ]] || stop "the credentials are for account $account, terraform/project.tfvars says $expected for $env"

# ECS takes on a role that an account gets with its first use of the service; the first cluster comes too soon after it.
if ! made=$(aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com 2>&1) && [[ $made != *"has been taken"* ]]; then
  stop "the service-linked role of ECS: $made"
fi

stage=terraform/1_foundation
override=$stage/bootstrap_override.tf
bucket=titanic-$env-state-$account
if aws s3api head-object --region "$region" --bucket "$bucket" --key "$env/1_foundation/terraform.tfstate" >/dev/null 2>&1; then
  go run ./scripts/stages run --env "$env" init 1_foundation
  "$cli" -chdir="$stage" apply -var-file=../project.tfvars -var-file="env/$env.tfvars"
else
  trap 'rm -f "$override"' EXIT
  printf 'terraform {\n  backend "local" {\n    path = "bootstrap.%s.tfstate"\n  }\n}\n' "$env" >"$override"
  go run ./scripts/stages run --env "$env" init-local 1_foundation
  "$cli" -chdir="$stage" apply -var-file=../project.tfvars -var-file="env/$env.tfvars"
  rm -f "$override"
  go run ./scripts/stages run --env "$env" migrate 1_foundation
  rm -f "$stage/bootstrap.$env.tfstate" "$stage/bootstrap.$env.tfstate.backup"
fi

# environment NAME BODY: made once; what a person has changed there since stays.
environment() {
  if gh api "repos/$repository/environments/$1" >/dev/null 2>&1; then
    echo "environment $1 of $repository is there"
    return
  fi
  gh api --silent --method PUT "repos/$repository/environments/$1" --input - <<<"$2"
  gh api --silent --method POST "repos/$repository/environments/$1/deployment-branch-policies" -f name=main
  # A release promotes from its tag, and looks at the evidence of dev first.
  gh api --silent --method POST "repos/$repository/environments/$1/deployment-branch-policies" -f name='v*' -f type=tag
  echo "environment $1 of $repository made, for the branch main and tags v*"
}

if command -v gh >/dev/null && gh auth status >/dev/null 2>&1; then
  policy='"deployment_branch_policy":{"protected_branches":false,"custom_branch_policies":true}'
  if [[ $env == dev ]]; then
    environment dev "{$policy}"
  else
    me=$(gh api user --jq .id)
    environment prod "{$policy,\"reviewers\":[{\"type\":\"User\",\"id\":$me}]}"
  fi
else
  echo "gh is not logged in: make the environment $env of $repository by hand, for the branch main and tags v*$([[ $env == dev ]] || echo ", with reviewers")"
fi
if [[ $env == dev ]]; then
  echo "dev is ready: a push to main deploys it"
else
  echo "prod is ready: a release deploys it, or the workflow \"Promote to prod\""
fi
