# Runs test files with a garbage collection at every STEP-th allocation that
# the C code makes: an object that is used without PROTECT comes out as a
# wrong value, an error or a crash.
#
#   Rscript tools/gctorture.R [filter] [step]
#
# filter  a regular expression on names of test files; all if not given
# step    a collection every so many allocations, 1 if not given; larger is
#         faster and sees less

arguments <- commandArgs(TRUE)
filter <- if (length(arguments) > 0L) arguments[1] else "."
step <- if (length(arguments) > 1L) as.integer(arguments[2]) else 1L

# workers of BiocParallel do not have the stand-in for .Call() from below
Sys.setenv(NOT_CRAN = "true", KITH_ONE_PROCESS = "true")
library(testthat)
library(kith)
invisible(compiler::enableJIT(0L))

# A collection at every allocation of testthat and of R code would take days,
# so only .Call() is tortured: copies of all functions of kith live in an
# environment where .Call() is this stand-in. The arguments are made before.
count <- new.env()
count$calls <- 0L
tortured_call <- function(...) {
    list(...)
    count$calls <- count$calls + 1L
    gctorture2(step)
    on.exit(gctorture2(0L))
    base::.Call(...)
}
kith <- asNamespace("kith")
tortured <- new.env(parent = kith)
for (name in ls(kith, all.names = TRUE)) {
    value <- get(name, kith)
    # a changed environment also drops the byte code, where .Call is fixed
    if (is.function(value) && identical(environment(value), kith)) {
        environment(value) <- tortured
        assign(name, value, tortured)
    }
}
assign(".Call", tortured_call, tortured)

start <- proc.time()[["elapsed"]]
results <- as.data.frame(test_dir(
    "tests/testthat",
    filter = filter, package = "kith", env = new.env(parent = tortured),
    load_package = "none", reporter = CheckReporter$new(),
    stop_on_failure = FALSE
))
failed <- sum(results$failed > 0L | results$error)
cat(
    count$calls, "calls of C, a collection every", step, "allocations,",
    round(proc.time()[["elapsed"]] - start), "s:",
    sum(!results$skipped) - failed, "passed,", failed, "failed\n"
)
quit(status = as.integer(failed > 0L || count$calls == 0L))
