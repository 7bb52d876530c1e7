#!/bin/sh
terraform -chdir="terraform/$1" apply plan.out
