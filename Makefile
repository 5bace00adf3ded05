# The commands of the README. Everything lives in .venv; nothing is installed outside it.
.PHONY: demo test check fast editors gpu bench clean

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

editors:         ## the plug-ins in real editors: Neovim, VS Code in a browser
	.ci/install dev,train,editors
	.ci/test --editors

gpu:             ## tests and benchmark of the GPU back end; says so where there is no GPU
	.venv/bin/python benchmarks/gpu.py

bench:           ## quality needs DATA=<folder of evaluation sets>
	.venv/bin/python benchmarks/speed.py
	.venv/bin/python benchmarks/lsp.py
	$(if $(DATA),.venv/bin/python benchmarks/quality.py --data $(DATA))

clean:
	rm -rf .venv .demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
