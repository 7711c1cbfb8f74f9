# Missionpot. `make` alone lists the commands.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test check secure fuzz model generate deploy release destroy bench bench-quick chaos chaos-quick chaos-mutations

# As the stand builds its programs (internal/rig/stand/build.go), so that all use one build cache.
# The race detector alone needs cgo.
export CGO_ENABLED := 0

# What the stand needs on this machine; it is looked for before anything is built.
PREPARE := run/local/prepare go postgres java firestore pubsub prometheus

# The local stand is built outside the tree, one for each checkout, and takes this
# shell's place (exec), so that a signal to make reaches it.
LOCAL := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/missionpot/$(shell echo '$(CURDIR)' | cksum | cut -d' ' -f1)/local
BUILD_LOCAL := run/local/build '$(LOCAL)' ./run/local

BENCH := $(dir $(LOCAL))bench
BUILD_BENCH := run/local/build '$(BENCH)' ./run/bench

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

run: ## Start everything on this machine and play one mission (ARGS="-h" lists the flags)
	@$(PREPARE) && $(BUILD_LOCAL) && exec '$(LOCAL)' up $(ARGS)

test: ## Run every test, with the race detector, on servers of its own (ARGS="-run Name")
	@$(PREPARE) cc && $(BUILD_LOCAL) && CGO_ENABLED=1 exec '$(LOCAL)' exec -- go test -race -timeout 10m $(ARGS) ./...

check: ## Check format, vet, staticcheck, import directions, the OpenAPI document and go.mod
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "Not formatted, run gofmt -w on:" >&2; echo "$$unformatted" >&2; exit 1; }
	go vet ./...
	go tool staticcheck ./...
	go test ./internal/rig/checks/architecture
	go test -run '^(TestTheOpenAPIDocumentIsValid|TestTheDocument.*|TestEveryOperationSays.*|TestEveryAnswerNames.*|TestEverythingThat.*)$$' ./internal/api
	go vet -C tools ./...
	go test -C tools ./openapilint
	go run -C tools ./openapilint ../docs/openapi.yaml
	@go run ./run/api openapi | diff -u docs/openapi.yaml - || { echo 'docs/openapi.yaml is stale: run make generate' >&2; exit 1; }
	go mod tidy -diff

# Tools with many dependencies have a module of their own, so that the product's stays small.
# They run on a developer's machine and nowhere else: they start programs, write files and roll dice.
TRIALS := internal/rig|run/local|run/chaos|run/bench|run/deploy
GOSEC := $(dir $(LOCAL))gosec
TOOL := go tool -modfile=tools/go.mod
LICENCES := Apache-2.0,BSD-2-Clause,BSD-3-Clause,ISC,MIT,MPL-2.0

secure: ## Look for known weaknesses: gosec, licences of what is linked, govulncheck
	@cd tools && ../run/local/build '$(GOSEC)' ./gosec
	@packages=$$(go list ./... | grep -vE '/($(TRIALS))(/|$$)') && '$(GOSEC)' -test=false $$packages && echo 'gosec: nothing found'
	$(TOOL) go-licenses check ./run/... --ignore example.com/missionpot --allowed_licenses=$(LICENCES) 2>/dev/null
	@report=$$($(TOOL) govulncheck ./... 2>&1) && echo 'govulncheck: nothing found' || { \
		grep -q 'fetching vulnerabilities' <<<"$$report" && echo 'govulncheck: SKIPPED, its database can not be reached' || { echo "$$report"; exit 1; }; }

fuzz: ## Fuzz every decoder of what comes from outside, ten minutes each (FUZZ=1m for less)
	@$(PREPARE) && $(BUILD_LOCAL) && exec '$(LOCAL)' exec -- .ci/fuzz $(or $(FUZZ),10m)

model: ## Check the model of the protocol, and that it fails without any one guard (needs spin)
	@run/local/prepare cc spin && docs/assurance/model/check

# The program of a chaos run is built outside the tree as well.
CHAOS := $(dir $(LOCAL))chaos
BUILD_CHAOS := run/local/build '$(CHAOS)' ./run/chaos

chaos: ## Break a stand of its own under load for 20 minutes and judge what is left (ARGS="-seed 1")
	@$(PREPARE) && $(BUILD_CHAOS) && exec '$(CHAOS)' $(ARGS)

chaos-quick: ## The same in three minutes, every kind of fault once
	@$(PREPARE) && $(BUILD_CHAOS) && exec '$(CHAOS)' -quick $(ARGS)

chaos-mutations: ## Turn off each guard in turn: every run must fail
	@$(PREPARE) && $(BUILD_CHAOS) && exec '$(CHAOS)' $(ARGS) mutations

generate: ## Write the generated files again
	go generate ./...

# The settings of a release. What is left out is taken away, so they are the same each time.
RELEASE = -project '$(PROJECT)' -region '$(REGION)' -mail-from '$(MAIL_FROM)' \
		-domain '$(DOMAIN)' -environment '$(or $(ENVIRONMENT),dev)' -alert-email '$(ALERT_EMAIL)' \
		-playbooks-url '$(PLAYBOOKS_URL)' -budget '$(BUDGET)' $(if $(DRY_RUN),-dry-run)

deploy: ## Take a Google Cloud project to a running system (PROJECT=id REGION=name MAIL_FROM=address)
	@go run ./run/deploy $(RELEASE)

release: ## Release a commit that was built before, without a build (COMMIT=id and the variables of deploy)
	@go run ./run/deploy release -commit '$(or $(COMMIT),HEAD)' $(RELEASE)

destroy: ## Delete an environment that is not protected, with all that is in it (PROJECT=id REGION=name)
	@go run ./run/deploy destroy -project '$(PROJECT)' -region '$(REGION)' -environment '$(or $(ENVIRONMENT),dev)' $(if $(DRY_RUN),-dry-run)

bench: ## Measure everything against what one would write instead, under 25 minutes (ARGS="-only hold")
	@$(PREPARE) && $(BUILD_BENCH) && exec '$(BENCH)' $(ARGS)

bench-quick: ## The same, smaller and shorter, under 5 minutes
	@$(PREPARE) && $(BUILD_BENCH) && exec '$(BENCH)' -quick $(ARGS)
