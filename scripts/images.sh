#!/usr/bin/env bash
# Builds and pushes the images of the workload and the ETL task under TAG, unless
# they are there: tags are immutable, and the same sources have the same tag.
#
# usage: images.sh dev|prod TAG
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
env=${1:?usage: images.sh dev|prod TAG}
tag=${2:?usage: images.sh dev|prod TAG}

account=$(aws sts get-caller-identity --query Account --output text)
region=$(go run ./scripts/stages region)
registry=$account.dkr.ecr.$region.amazonaws.com
aws ecr get-login-password --region "$region" | docker login --username AWS --password-stdin "$registry"

for image in workload=examples/titanic/Dockerfile etl=examples/titanic/etl/Dockerfile; do
  name=titanic-$env-${image%%=*}
  if aws ecr describe-images --region "$region" --repository-name "$name" --image-ids "imageTag=$tag" >/dev/null 2>&1; then
    echo "images: $name:$tag is there"
    continue
  fi
  docker build --platform linux/amd64 --file "${image#*=}" --tag "$registry/$name:$tag" .
  docker push "$registry/$name:$tag"
done
