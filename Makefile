# The commands of the README. Everything lives in .venv; nothing is installed outside it.
.PHONY: demo test check fast editors gpu bench bench-own bench-peers clean

demo:            ## install, index a real source tree, answer three questions about it
	.ci/install ""
	@bash docs/demo.sh

test:            ## everything that the tests need, then all checks and tests
	.ci/install dev,train
	.ci/check
	.ci/test

check:
	.ci/check

fast:            ## the tests that take seconds
	.ci/test --fast

editors:         ## the plug-ins in real editors: Neovim, VS Code in a browser, Emacs, Helix
	.ci/install dev,train,editors
	.ci/test --editors

gpu:             ## tests and benchmark of the GPU back end; says so where there is no GPU
	.venv/bin/python benchmarks/gpu.py

# Folders of source code that trees of 1,000, 10,000 and 100,000 functions are made of; the tree of speed.py has 16,750.
SOURCES ?= .bench/tree
SIZES ?= 1000,10000

bench: bench-own bench-peers  ## hours; quality needs DATA=<folder of evaluation sets>

bench-own:       ## Vizsla alone: speed, the language server, quality stage by stage
	.venv/bin/python benchmarks/speed.py
	.venv/bin/python benchmarks/lsp.py
	$(if $(DATA),.venv/bin/python benchmarks/quality.py --data $(DATA))

bench-peers:     ## Vizsla beside its peers: tables and pictures; broken off, it goes on where it was
	.venv/bin/python -m benchmarks.peers $(if $(DATA),--data $(DATA)) --sources $(SOURCES) --sizes $(SIZES) $(PEERS)

clean:
	rm -rf .venv .demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
