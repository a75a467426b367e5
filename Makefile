# make test is what the README promises and what .ci/run calls. It needs Go, and
# Chromium for the page, which it installs where it may.

FUZZTIME ?= 2s
GO       ?= go

SOAKTIME ?= 10m

.PHONY: bench bench-flood bench-full browser build check demo deploy release fuzz lint race sim soak soak-kill teeth test unit

## test: every test, then every fuzz target for FUZZTIME
test: unit browser fuzz

## check: what a change has to pass, short of the race detector
check: lint test

unit:
	$(GO) test -timeout 30m ./...

## lint: gofmt, go vet, staticcheck
lint:
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then \
		echo "gofmt -w these:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) vet -tags browser ./page
	$(GO) tool staticcheck -tags browser ./page

## browser: the page in Chromium, which is installed where that is possible
browser:
	@GO="$(GO)" .ci/browser

## race: every test under the race detector (needs a C compiler)
race:
	$(GO) test -race -timeout 30m ./...

## fuzz: every fuzz target for FUZZTIME; make fuzz FUZZTIME=1m searches longer
fuzz:
	@GO="$(GO)" FUZZTIME="$(FUZZTIME)" .ci/fuzz

## teeth: every planted bug, and whether the simulator finds it
teeth:
	$(GO) test ./sim/teeth -v -count=1 -timeout 60m -teeth.all

## sim: three thousand simulator seeds, the same at every run
sim:
	$(GO) run ./cmd/abad sim --seeds 3000

## soak-kill: real daemons, killed, stopped and read for SOAKTIME each
soak-kill:
	ABAD_SOAK=$(SOAKTIME) $(GO) test ./soak -v -count=1 -timeout 6h

## soak: simulator seeds for SOAKTIME, and how many per second
soak:
	$(GO) run ./cmd/abad sim --seed $$(date +%s)000000 --for $(SOAKTIME)

## bench: the table of docs/performance.md, about a minute of measuring
bench: build
	bin/abad bench --suite short --results bench/results --doc docs/performance.md

bench-full: build
	bin/abad bench --suite full --results bench/results --doc docs/performance.md

## bench-flood: commit latency while one client floods a node's API, as a ratio
bench-flood: build
	bin/abad bench flood

## demo: four processes decide, lose one, and go on
demo:
	$(GO) run ./cmd/abad demo

## release: static builds for five systems, checksums and a bill of materials
release:
	.ci/release dist

## deploy: checks the chart, the unit, the static build and that it is reproducible
deploy:
	.ci/deploy

build:
	$(GO) build -o bin/abad ./cmd/abad
