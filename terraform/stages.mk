# Targets of the seven stages; included by GNUmakefile.

##@ The seven stages

# A directory with an install.sh that prints a Terraform CLI configuration for a
# stand-in of hashicorp/aws. Without it the real provider is used against the
# emulator at AWS_ENDPOINT_URL.
STAGES_STANDIN ?= $(wildcard ../shared/tools/schemaprovider)
STAGES := go run ./scripts/stages

.PHONY: stages
stages: build lambdas stages-data ## Rehearse all stages for dev and prod: init to apply, then destroy
	@cli=$$(tools/terraform.sh) && \
	TERRAFORM=$$cli STAGES_STANDIN='$(STAGES_STANDIN)' $(STAGES) rehearse

.PHONY: stages-data
stages-data: build ## Deal the data set into bin/data/train.csv and holdout.csv
	@mkdir -p bin/data
	@bin/titanic split --input examples/titanic/data/titanic.csv --train bin/data/train.csv --holdout bin/data/holdout.csv --percent 25

.PHONY: lambdas
lambdas: ## Build the functions into bin/lambda/*.zip, byte for byte the same from the same sources
	@go run ./scripts/lambdas -out bin/lambda candidate dispatch orphans seal validate
