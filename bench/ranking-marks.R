# What the marks of two cell lines tell: which are needed, and whether what is
# learned in one line ranks genes in the other. chr11 of GM12878 and K562, eight
# histone marks and CTCF.
#
#   KITH_DATA=DIR Rscript bench/ranking-marks.R [--parts=ablation,transfer]
#       [--size=9] [--folder=DIR] [--splits=5] [--workers=1] [--tables=DIR]
#
# ablation: all subsets of up to --size marks, all but one and all, five folds
#   of the genes. All sizes take some hours of two cores, --size=2 a quarter of
#   one. ranking-ablation.csv.
# transfer: on the same test genes, a fit on the training genes in one line
#   scores their marks in each line; beside it the difference of both lines from
#   the difference of their marks. ranking-transfer.csv, and
#   ranking-difference.csv.
# Finished arms are kept in the folder (./ranking-arms).

source(file.path(
    dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))),
    "common.R"
))
source(file.path(dirname(script_path()), "ranking-sets.R"))
parts <- strsplit(option("parts", "ablation,transfer"), ",")[[1L]]
sizes <- seq_len(as.integer(option("size", "9")))
n_splits <- as.integer(option("splits", "5"))
cells <- list(GM12878 = sets$gm12878(), K562 = sets$k562())
# the same genes in both
stopifnot(identical(
    rownames(cells$GM12878$x$CTCF), rownames(cells$K562$x$CTCF)
))

# ---- which marks are needed --------------------------------------------------

ablation_of <- function(cell) {
    result <- mark_ablation(cells[[cell]]$x, cells[[cell]]$y,
        size = sizes, control = control, folder = folder, BPPARAM = workers
    )
    print(result)
    # of the mean over the folds
    half <- stats::qt(0.975, nrow(attr(result, "folds")) - 1) * result$se
    cbind(
        cell = cell, result[c("marks", "n_marks", "concordance", "se")],
        lower = result$concordance - half, upper = result$concordance + half,
        result[c("difference", "difference_se", "within", "smallest")]
    )
}

if ("ablation" %in% parts) {
    tables <- lapply(names(cells), ablation_of)
    write_table(do.call(rbind, tables), "ranking-ablation")
}

# ---- from one line to the other ----------------------------------------------

rows_of <- function(x, kept) lapply(x, function(mark) mark[kept, ])

transfer_of_split <- function(s) {
    set.seed(s)
    n <- length(cells$K562$y)
    test <- seq_len(n) %in% sample(n, round(0.2 * n))
    scorers <- list(kith = NULL, linear = scorer_linear())
    rows <- lapply(names(cells), function(from) {
        cell <- cells[[from]]
        fits <- lapply(scorers, function(scorer) {
            learn_ranking(rows_of(cell$x, !test), cell$y[!test],
                scorer = scorer, control = control
            )
        })
        do.call(rbind, lapply(names(cells), function(to) {
            marks <- rows_of(cells[[to]]$x, test)
            found <- vapply(fits, function(fit) {
                concordance(predict(fit, marks)$.pred, cells[[to]]$y[test])
            }, numeric(1))
            data.frame(
                split = s, from = from, to = to, method = names(fits),
                concordance = found
            )
        }))
    })
    do.call(rbind, rows)
}

if ("transfer" %in% parts) {
    rows <- do.call(rbind, BiocParallel::bplapply(
        seq_len(n_splits), transfer_of_split,
        BPPARAM = workers
    ))
    groups <- rows[c("from", "to", "method")]
    table <- stats::aggregate(rows["concordance"], groups, mean)
    table$se <- stats::aggregate(rows["concordance"], groups, function(x) {
        stats::sd(x) / sqrt(length(x))
    })$concordance
    print(table)
    write_table(table, "ranking-transfer")

    # more in K562 than in GM12878: log ratio of the expression
    change <- log2(cells$K562$y + 0.1) - log2(cells$GM12878$y + 0.1)
    marks <- Map(`-`, cells$K562$x, cells$GM12878$x)
    result <- benchmark_ranking(marks, change,
        splits = n_splits, control = control, folder = folder,
        BPPARAM = workers
    )
    print(summary(result))
    write_table(summary(result), "ranking-difference")
}
