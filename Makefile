# From a bare Debian 12, as root:   make demo    make test
#
# kith is installed into .library in this folder, nothing else of yours is
# touched. Anywhere else than on Debian the packages that DESCRIPTION names
# must be there; `make deps` tells which are missing.

DATA =
FILTER =
LIBRARY = $(CURDIR)/.library
BENCHMARKS = auc-and-partners cal-vs-torch heldout genome-scale experiments
WITH_KITH = R_LIBS="$(LIBRARY):$$R_LIBS"

help:
	@sed -n '/^[a-z-]*:.*##/s/:.*##/\t/p' Makefile | expand -t 16

deps: ## install R and the packages that kith and the demo need
	@tools/install-deps.sh run

deps-test: ## install what tests and checks need as well
	@tools/install-deps.sh test

deps-bench: ## install what the benchmarks compare with
	@tools/install-deps.sh bench

deps-site: ## install what the site and the figures of README.md need
	@tools/install-deps.sh site

install: deps ## build kith and install it into .library
	@tools/install.sh --vignettes "$(LIBRARY)"

demo: install ## run the demo; DATA=simulated, golub or ecoli
	@$(WITH_KITH) Rscript inst/scripts/demo.R $(DATA) --out figures

test: deps-test ## run the tests; FILTER=regular expression on file names
	@tools/install.sh "$(LIBRARY)"
	@$(WITH_KITH) tools/test.sh $(FILTER)

check: deps-test ## R CMD check --as-cran and BiocCheck
	@tools/check.sh

check-c: deps-test ## compile with all warnings, look for banned names
	@tools/check-c.sh

lint: deps-test ## lintr
	@Rscript tools/lint.R

doc: deps-test ## man/ and NAMESPACE from the comments in R/
	@tools/doc.sh .

format: ## clang-format on src/
	@tools/format.sh

site: deps-site install ## the documentation as a web site, in site/
	@$(WITH_KITH) Rscript tools/site.R

readme-figures: deps-site install ## draw the figures of README.md
	@$(WITH_KITH) Rscript tools/readme-figures.R

bench: deps-bench install ## run the benchmarks in bench/
	@for script in $(BENCHMARKS); do \
	  $(WITH_KITH) Rscript "bench/$$script.R" || exit 1; \
	done

clean: ## remove what these targets made
	@./cleanup
	@rm -rf .library .check figures site

.PHONY: help deps deps-test deps-bench install demo test check check-c lint \
	doc format deps-site site readme-figures bench clean
