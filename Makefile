# The words of this project. `make run` and `make test` are the two that a newcomer needs.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run build test check proof bench bench-parts statement dist images fmt lint needs

TOOL := go tool -modfile=tools/go.mod
CLUSTER := go run ./internal/testkit/pgcluster --
PROOFS := go run ./internal/testkit/proofs -out out/proof-matrix.md
# Begun first, so that the others run beside them.
SLOWEST := ./internal/testkit/webtest ./internal/app ./internal/operations/backup

help: ## these lines
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

run: build ## start the service with demo data on https://localhost:8443 (needs Go and nothing else)
	bin/rakudos serve --demo

build: ## bin/rakudos
	@mkdir -p bin
	go build -buildvcs=auto -o bin/rakudos ./cmd/rakudos

test: needs lint ## everything, on SQLite and PostgreSQL and in a real browser
	$(CLUSTER) bash -euo pipefail -c 'go test -json -count=1 -timeout 60m $(SLOWEST) ./... 2>&1 | $(PROOFS)'

check: ## fast gate, under a minute: format, vet, floors, pure rules
	@test -z "$$(gofmt -l cmd internal migrations)" || { gofmt -l cmd internal migrations; echo 'not formatted: run make fmt'; exit 1; }
	go vet ./...
	go test ./internal/archtest ./internal/base/... ./internal/words ./internal/people/access ./internal/testkit/proofs ./internal/testkit/controltest

lint: ## gofmt, go vet, staticcheck (pinned in tools/go.mod)
	@test -z "$$(gofmt -l cmd internal migrations)" || { gofmt -l cmd internal migrations; echo 'not formatted: run make fmt'; exit 1; }
	go vet ./...
	$(TOOL) staticcheck ./...

proof: ## only the proofs of the controls, and their matrix in out/proof-matrix.md
	$(CLUSTER) bash -euo pipefail -c 'go test -json -count=1 -timeout 60m $$(grep -rlE "controltest\.(Proves|AttrPromise)" --include=*_test.go internal | grep -v ^internal/testkit/controltest | xargs -n1 dirname | sort -u | sed s#^#./#) 2>&1 | $(PROOFS)'

bench-parts: ## figures of single parts: sign-in, session among 100,000, decision, sealing, scan, a tenant's erasure (minutes)
	go test -run '^$$' -bench 'SignInBesideHash|Session$$|ScanSealed' ./internal/people/identity
	go test -run '^$$' -bench Decision ./internal/people/access
	go test -run '^$$' -bench '1K$$' ./internal/engine/vault
	$(CLUSTER) bash -euo pipefail -c 'go test -run ^Never$$ -bench EraseTenant -benchtime 1x -timeout 60m ./internal/governance/erasure'

bench: build ## figures: import, lists, sign-in storm, backups (minutes)
	go run ./internal/testkit/pgcluster -measure -- go run ./internal/testkit/bench -bin bin/rakudos

statement: build ## the security statement with today's evidence, from ./data
	bin/rakudos statement --data data

dist: ## static binaries for Linux with checksums, in dist/
	@mkdir -p dist
	@for arch in amd64 arm64; do echo dist/rakudos-linux-$$arch; CGO_ENABLED=0 GOOS=linux GOARCH=$$arch go build -buildvcs=auto -trimpath -ldflags '-s -w' -o dist/rakudos-linux-$$arch ./cmd/rakudos; done
	cd dist && sha256sum rakudos-linux-* > SHA256SUMS

images: needs ## new pictures for docs/images, and of every page for out/images
	UPDATE_IMAGES=1 go test -count=1 -timeout 10m -run 'TestEveryPageIsLookedAt|TestPeopleAtTheirScreens|TestFactorsAtTheScreens|TestReviewPagesInABrowser' ./internal/testkit/webtest

fmt: ## gofumpt over everything
	$(TOOL) gofumpt -w cmd internal migrations

needs: ## install what the tests lack, saying so: PostgreSQL, Chromium, Japanese fonts, axe-core
	@tools/install-test-needs
