# rolechain. README.md says what the two commands are for: make demo, make test.

BIN := build
TOOL := go tool -modfile=$(CURDIR)/tools/go.mod
export CGO_ENABLED := 0
# The go command compiles a package once for all folders, and for tests and programs alike, when no path is part of it.
export GOFLAGS := $(strip $(filter-out -trimpath,$(GOFLAGS)) -trimpath)

.PHONY: build
build: ## the two programs, static, into build/
	go build -trimpath -buildvcs=auto -o $(BIN)/ ./cmd/entrypoint ./cmd/rolechain

.PHONY: demo
demo: build ## the main job on an embedded STS: Go and make are all it needs
	go build -trimpath -o $(BIN)/ ./demo/whoami
	go run ./demo -bin $(BIN)

.PHONY: test
test: ## every test; says which parts it skipped for a missing SDK (-parallel: many wait for sessions to end)
	$(TOOL) gotestsum --format pkgname -- -count=1 -parallel 8 ./...

.PHONY: race
race: ## the Go packages under the race detector (cgo and gcc), but for tests of whole programs, which are as shipped
	CGO_ENABLED=1 $(TOOL) gotestsum --format pkgname -- -race -count=1 -parallel 8 ./...

.PHONY: fips
fips: ## the Go packages with Go's FIPS 140-3 module, in tests and programs alike, refusing all other cryptography
	GOFIPS140=$(FIPS) GODEBUG=fips140=only $(TOOL) gotestsum --format pkgname -- -count=1 -parallel 8 \
		$$(go list ./cmd/... ./internal/... ./docs/... ./examples/... | grep -v /s3test) # whose checksums are S3's own: MD5

# A mutant is a small fault in the code that no test notices: gremlins makes them one at a time, so this takes hours. How
# long a mutant may run follows from a run without one, which must not be a cached one.
MUTANTS := ./internal/chain ./internal/refresh ./internal/endpoint ./internal/profile
.PHONY: mutants
mutants: ## which small faults in the code no test would notice: MUTANTS=./internal/chain chooses; not in CI
	for package in $(MUTANTS); do GOFLAGS="$(GOFLAGS) -count=1" $(TOOL) gremlins unleash --workers 1 --timeout-coefficient 5 $$package || exit 1; done

.PHONY: vulnerabilities
vulnerabilities: build ## known vulnerabilities in both programs, as built (asks the Go vulnerability database)
	$(TOOL) govulncheck -mode=binary $(BIN)/entrypoint
	$(TOOL) govulncheck -mode=binary $(BIN)/rolechain

.PHONY: realsdk realsdk-java
realsdk: ## installs the Python and JavaScript SDKs that the tests ask, under build/
	internal/sdktest/install.sh python
	internal/sdktest/install.sh js
realsdk-java: ## the same for both Java SDKs (needs a JDK and Maven)
	internal/sdktest/install.sh java

.PHONY: conformance
conformance: ## real SDKs in every delivery at every moment, as root: SDK=, CONNECTOR=, DELIVERY=, MOMENT= choose, WRITE= writes the matrix
	go run ./conformance $(if $(SDK),-sdk "$(SDK)") $(if $(CONNECTOR),-connector "$(CONNECTOR)") $(if $(DELIVERY),-delivery "$(DELIVERY)") $(if $(MOMENT),-moment "$(MOMENT)") $(if $(WRITE),-write "$(WRITE)")

.PHONY: predictions
predictions: ## what `rolechain check` says that SDKs take, held against those that make conformance has installed, and make realsdk realsdk-java
	ROLECHAIN_PREDICTIONS=1 go test -count=1 -timeout 30m ./internal/families

.PHONY: spark-e2e spark-tools
spark-e2e: ## the cases of examples/spark in real Spark, as root: CASE=, SPARK=, DELIVERY= choose, FIXED=1 is the part that CI runs
	go run ./e2e/spark $(if $(FIXED),-fixed) $(if $(CASE),-case "$(CASE)") $(if $(SPARK),-spark "$(SPARK)") $(if $(DELIVERY),-delivery "$(DELIVERY)") $(if $(AT_ONCE),-at-once "$(AT_ONCE)")
spark-tools: ## only installs what the part that CI runs needs, into build/spark-e2e/
	go run ./e2e/spark -fixed -tools

.PHONY: k8s-e2e k8s-up k8s-down k8s-tools
k8s-e2e: ## the same and more on a real Kubernetes of one node, as root: CASE= chooses, FIXED=1 is the part that CI runs
	go run ./e2e/kubernetes $(if $(FIXED),-fixed) $(if $(CASE),-case "$(CASE)") $(if $(AT_ONCE),-at-once "$(AT_ONCE)")
	ROLECHAIN_REQUIRE_API_SERVER=1 $(TOOL) gotestsum --format pkgname -- -count=1 ./examples/admission
k8s-up: ## a cluster that stays, as root: prints a kubectl that reaches it; make k8s-down ends it
	go run ./e2e/kubernetes -up
k8s-down: ## ends it
	go run ./e2e/kubernetes -down
k8s-tools: ## only builds what a cluster consists of, into build/k8s/bin/
	go run ./e2e/kubernetes -tools

COUNT := 40
.PHONY: chaos soak
chaos: ## random faults against the real programs, as root: COUNT= seeds from FROM= on, or SEED= alone
	go run ./e2e/chaos -count $(COUNT) $(if $(FROM),-from "$(FROM)") $(if $(SEED),-seed "$(SEED)") $(if $(AT_ONCE),-at-once "$(AT_ONCE)")

DURATION := 30m
soak: ## whether descriptors, threads and memory of the refresher stay flat, with sessions of 5 s, as root
	go run ./e2e/chaos -soak $(DURATION)

.PHONY: hadoop
hadoop: ## the jar for buckets with a role of their own, build/hadoop/rolechain-hadoop.jar (a JDK and Maven)
	mvn --quiet --batch-mode --file hadoop/pom.xml package

FUZZTIME := 30s
.PHONY: fuzz
fuzz: ## looks for new inputs that break the merger, the settings, the role map, the endpoint, or who reads tokens, answers of STS and discovery files
	go test -run '^$$' -fuzz 'FuzzMerge$$' -fuzztime $(FUZZTIME) -fuzzminimizetime 20x ./internal/profile
	go test -run '^$$' -fuzz FuzzMergeCredentials -fuzztime $(FUZZTIME) -fuzzminimizetime 20x ./internal/profile
	go test -run '^$$' -fuzz FuzzSettings -fuzztime $(FUZZTIME) -fuzzminimizetime 20x ./internal/settings
	go test -run '^$$' -fuzz FuzzParse -fuzztime $(FUZZTIME) -fuzzminimizetime 20x ./internal/rolemap
	go test -run '^$$' -fuzz FuzzHandler -fuzztime $(FUZZTIME) -fuzzminimizetime 20x ./internal/endpoint
	go test -run '^$$' -fuzz FuzzToken -fuzztime $(FUZZTIME) -fuzzminimizetime 20x ./internal/chain
	go test -run '^$$' -fuzz FuzzAnswer -fuzztime $(FUZZTIME) -fuzzminimizetime 20x ./internal/chain
	go test -run '^$$' -fuzz FuzzDiscovery -fuzztime $(FUZZTIME) -fuzzminimizetime 20x ./internal/handover

BOTO3 := $(wildcard $(BIN)/realsdk/python/bin/python)
.PHONY: bench
bench: ## what a start costs, as ratios to the least that a Go program can cost, and what the refresher does
	go run ./bench/start
	go run ./bench/refresher $(if $(BOTO3),-python $(BOTO3))

.PHONY: fleet
fleet: ## how many calls to STS many pods make, simulated with the code that decides when: writes docs/scale.md
	go run ./bench/fleet -write docs

.PHONY: lint
lint: $(BIN)/codespell/bin/codespell ## gofmt, go vet, staticcheck, actionlint for the workflows, and codespell
	git ls-files -z | xargs -0 $<
	@unformatted=$$(find . -path ./$(BIN) -prune -o -name '*.go' -exec gofmt -l {} +); [ -z "$$unformatted" ] || { echo "gofmt would change:"; echo "$$unformatted"; exit 1; }
	go vet ./...
	go -C tools vet ./...
	go vet -tags images ./images/...
	$(TOOL) staticcheck -tags images ./...
	$(TOOL) actionlint

# By pip, into a place of its own: .codespellrc has its settings.
$(BIN)/codespell/bin/codespell: Makefile
	python3 -m venv $(BIN)/codespell
	for pause in 5 20 0; do \
		$(BIN)/codespell/bin/pip --quiet --disable-pip-version-check install codespell==2.4.3 && break; \
		[ $$pause != 0 ] && sleep $$pause || exit 1; \
	done
	touch $@

# The flags are those of Dockerfile: with the same version, commit and Go, these are the programs of the image, byte for
# byte, and its bill of materials is theirs.
VERSION ?=
COMMIT ?= $(shell git rev-parse HEAD)$(shell [ -z "$$(git status --porcelain)" ] || echo -dirty)
RELEASE = go build -trimpath -buildvcs=false -ldflags "-s -w -X main.builtVersion=$(VERSION) -X main.builtCommit=$(COMMIT)"

.PHONY: release
release: ## the programs of the image, for both architectures, into build/linux-amd64 and build/linux-arm64: VERSION= names them
	GOOS=linux GOARCH=amd64 $(RELEASE) -o $(BIN)/linux-amd64/ ./cmd/entrypoint ./cmd/rolechain
	GOOS=linux GOARCH=arm64 $(RELEASE) -o $(BIN)/linux-arm64/ ./cmd/entrypoint ./cmd/rolechain

# Go's cryptographic module in the variant for FIPS 140-3; `version` shows it.
FIPS := v1.0.0
.PHONY: release-fips
release-fips: ## the same programs with Go's FIPS 140-3 module, into build/fips/linux-amd64 and build/fips/linux-arm64
	GOFIPS140=$(FIPS) $(MAKE) --no-print-directory release BIN=$(BIN)/fips

# Everything of a release page: the same commit, VERSION and Go give the same bytes.
DIST := $(BIN)/dist
EPOCH = $(shell git log -1 --format=%ct)
.PHONY: dist
dist: release release-fips hadoop ## the files of a release, into build/dist: archives, jar, bills of materials, SHA256SUMS (VERSION=)
	rm -rf $(DIST) && mkdir -p $(DIST)
	cp $(BIN)/hadoop/rolechain-hadoop.jar $(DIST)/
	for variant in / -fips/fips/; do for arch in amd64 arm64; do \
		name=rolechain$(if $(VERSION),-$(VERSION))$${variant%%/*}-linux-$$arch programs=$(BIN)/$${variant#*/}linux-$$arch; \
		tar --create --sort=name --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --mtime=@$(EPOCH) \
			--transform "s,^,rolechain/," -C $$programs entrypoint rolechain -C $(CURDIR) LICENSE | gzip -n >$(DIST)/$$name.tar.gz && \
		go run ./images/build/sbom -created $(EPOCH) $$programs/entrypoint $$programs/rolechain >$(DIST)/$$name.spdx.json || exit 1; \
	done; done
	cd $(DIST) && sha256sum * >SHA256SUMS

.PHONY: release-notes
release-notes: ## what CHANGELOG.md says of VERSION, for the release page
	@awk -v want="$(VERSION)" '/^## /{on = $$2 == want; next} on {print; if (NF) said = 1} END {exit !said}' CHANGELOG.md || \
		{ echo "CHANGELOG.md says nothing of $(VERSION)" >&2; exit 1; }

.PHONY: reproducible
reproducible: ## builds the release from two clones in different places and compares
	rm -rf $(BIN)/reproducible
	for place in one another/place; do \
		git clone --quiet . $(BIN)/reproducible/$$place && \
		$(MAKE) --no-print-directory -C $(BIN)/reproducible/$$place release >/dev/null || exit 1; \
	done
	cd $(BIN)/reproducible && for file in linux-amd64/entrypoint linux-amd64/rolechain linux-arm64/entrypoint linux-arm64/rolechain; do \
		cmp one/build/$$file another/place/build/$$file && sha256sum one/build/$$file || exit 1; \
	done

# With these namespaces no daemon, container or mount outlives the command, however it ends.
ISOLATED := unshare --mount --pid --fork --kill-child --mount-proc

# BuildKit and its client, in a module of their own (images/build/tools/go.mod).
.PHONY: images-tools images-packages
images-tools: ## buildkitd and buildx, into build/tools/
	go -C images/build/tools build -trimpath -o $(CURDIR)/$(BIN)/tools/ tool

images-packages: ## only what the images are built from, made from packages, into build/images/ (root)
	$(ISOLATED) go run ./images/build/make -out $(BIN)/images -packages

.PHONY: images
images: images-tools ## the EMR on EKS image on a stand-in for EMR's, into build/images/standin-{amd64,arm64}.tar (root)
	$(ISOLATED) go run ./images/build/make -tools $(BIN)/tools -out $(BIN)/images

.PHONY: images-test
images-test: ## runs these images with a Docker engine of its own, and rebuilds them (root; after make images)
	$(ISOLATED) $(TOOL) gotestsum --format testname -- -count=1 -tags images -timeout 30m ./images/test

.PHONY: clean
clean: ## removes what all the others built and installed
	rm -rf $(BIN)

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z0-9-]*\)\( [a-z0-9-]*\)*:.*## /\1: /p' $(MAKEFILE_LIST)
