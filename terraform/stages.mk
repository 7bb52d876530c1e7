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

.PHONY: stages-check
stages-check: build ## Initialise, validate and test every stage, with hashicorp/aws from its registry or the stand-in
	@cli=$$(tools/terraform.sh) && \
	TERRAFORM=$$cli STAGES_STANDIN='$(STAGES_STANDIN)' $(STAGES) rehearse --verbs init,validate,test

.PHONY: stages-fmt
stages-fmt: ## Check that the stages and the examples are formatted
	@cli=$$(tools/terraform.sh) && "$$cli" fmt -check -recursive terraform examples

# The scanner of IaC at hand: a program, or one that pipx brings.
CHECKOV ?= $(shell command -v checkov || echo pipx run --spec checkov==3.3.30 checkov)

.PHONY: stages-scan
stages-scan: ## Scan the stages with checkov; what stays has its reason in a checkov:skip beside it
	@$(CHECKOV) --directory terraform --framework terraform --quiet --compact --skip-download

BASE ?=
FORMAT ?= text
OUTPUT ?=

.PHONY: stages-lint
stages-lint: build ## Lint the stages with our own linter, against revision BASE when it is given
	@bin/titanicml-lint --recursive --format '$(FORMAT)' $(if $(BASE),--diff-base '$(BASE)') terraform $(if $(OUTPUT),>'$(OUTPUT)')

.PHONY: stages-rights
stages-rights: ## Check that the workflows' roles may make every call that Terraform makes for the stages
	@go run ./scripts/rights

.PHONY: cost
cost: build ## Estimate what the stages cost a month, from the plans of the last rehearsal (make stages)
	@scripts/cost.sh dev text
	@scripts/cost.sh prod text

# Where govulncheck takes the known vulnerabilities from: a URL, file:// too; vuln.go.dev when empty.
VULNDB ?=

.PHONY: security
security: ## Look for known vulnerabilities in what the module uses, and for unsafe code
	@go run ./scripts/security $(if $(VULNDB),-vulndb '$(VULNDB)') -output $(FIGURES)/security.json

.PHONY: pr
pr: lint test stages-fmt stages-check stages-lint stages-rights security stages-scan cost ## Run what a pull request runs, as far as it goes without AWS

ENV ?= dev

.PHONY: bootstrap
bootstrap: build ## Apply stage 1 of ENV (dev) as an administrator of its account, and make its GitHub environment
	@cli=$$(tools/terraform.sh) && config=$$(tools/mirror.sh $(VERSION)) && \
	TERRAFORM=$$cli TF_CLI_CONFIG_FILE=$$config scripts/bootstrap.sh '$(ENV)'

.PHONY: release-check
release-check: ## Check pipeline, endpoint, alarms and costs of ENV (dev) before a release; needs credentials
	@scripts/release-check.sh '$(ENV)' pipeline endpoint alarms costs

.PHONY: stages-docs
stages-docs: ## Write the tables of rights in docs/ from the policies of the last rehearsal (make stages)
	@$(STAGES) document

# Needs Go 1.26, as this module does; 2.18 needs a later one, and 2.16 a module that the Go proxy refuses.
GORELEASER ?= go run github.com/goreleaser/goreleaser/v2@v2.15.1

.PHONY: release
release: ## Build, sign and publish the release of the tag at HEAD (CI)
	@$(GORELEASER) release --clean

.PHONY: release-snapshot
release-snapshot: ## Check the release's configuration, build all of it into dist/ unsigned, and look at what is in it
	@$(GORELEASER) check
	@$(GORELEASER) release --snapshot --clean --skip=sign,publish
	@go run ./scripts/distcheck dist
