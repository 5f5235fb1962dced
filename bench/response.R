# Drug response of new cells, new drugs and new pairs on public sets: kith's
# average, its kernels and its network alone, the network without text, the
# other objectives, and baselines. What each arm chooses it chooses on blind
# folds within the training pairs.
#
#   KITH_DATA=DIR Rscript bench/response.R [--sets=A,B] [--folder=DIR]
#       [--folds=5] [--repeats=1] [--rivals=mse,number,nokg,rnc] [--workers=1]
#       [--baselines=A,B] [--kernels] [--tables=DIR] [--lib=DIR]
#
# --kernels: the average has no network (minutes instead of hours).
# Finished folds are kept in the folder (./response-folds), so that a stopped
# benchmark goes on. --tables: writes response.csv.

source(file.path(
    dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))),
    "common.R"
))
source(file.path(dirname(script_path()), "response-sets.R"))

kith_load(option("lib"))
folder <- option("folder", "response-folds")
chosen <- chosen_sets(sets)
workers <- bench_workers()
control <- bench_control()
dir.create(folder, showWarnings = FALSE)

methods <- c(
    list(kernels = method_kernels()),
    if (!flag("kernels")) list(CLDR = method_cldr())
)
rivals <- list(
    mse = method_cldr(caption = "none"),
    number = method_cldr(caption = "number"),
    nokg = method_cldr(kg = "none"),
    rnc = method_cldr(objective = "rank_n_contrast")
)
names_of_rivals <- c(
    mse = "MSE alone", number = "number captions", nokg = "CLDR without graph",
    rnc = "Rank-N-Contrast"
)
asked <- option("rivals", if (flag("kernels")) "" else "mse")
asked <- strsplit(asked, ",")[[1L]]
rivals <- stats::setNames(rivals[asked], names_of_rivals[asked])
baselines <- option("baselines")
baselines <- if (nzchar(baselines)) strsplit(baselines, ",")[[1L]]

run_set <- function(name) {
    set <- sets[[name]]()
    # one drug of one cell may have been measured twice
    response <- drug_response(set$response, "drug", "cell", "value",
        direction = set$direction, duplicates = "mean"
    )
    result <- benchmark_response(response, set$drugs, set$cells,
        by = set$by, methods = methods, rivals = rivals,
        # of those asked for, the ones that suit this set
        baselines = if (!is.null(baselines)) {
            kith:::suitable_baselines(baselines, set$by)
        },
        drug_text = set$text, folds = as.integer(option("folds", "5")),
        repeats = as.integer(option("repeats", "1")), control = control,
        folder = folder, BPPARAM = workers
    )
    cat(name, "\n")
    print(result)
    measures <- c("rmse", "pearson", "per_drug", "per_cell", "normalised")
    table <- do.call(rbind, lapply(measures, function(measure) {
        cbind(measure = measure, summary(
            result,
            measure = measure, bootstrap = 200
        ))
    }))
    covered <- mean(result$coverage, na.rm = TRUE)
    print_results(stats::setNames(
        list(covered), paste0(name, "_coverage")
    ), 3L)
    cbind(set = name, table, coverage = covered)
}

tables <- do.call(rbind, lapply(chosen, run_set))
write_table(tables, "response")

# ---- last lines --------------------------------------------------------------

ours <- c("kith", names(methods), names(rivals))
for (name in chosen) {
    rows <- tables[tables$set == name, ]
    of <- function(measure) rows[rows$measure == measure, ]
    arm <- function(method) gsub("[^a-z0-9]+", "_", tolower(method))
    lines <- c(
        stats::setNames(
            as.list(of("rmse")$mean),
            paste0(name, "_", arm(of("rmse")$method), "_rmse")
        ),
        stats::setNames(
            as.list(of("per_drug")$mean),
            paste0(name, "_", arm(of("per_drug")$method), "_perdrug")
        )
    )
    rivals_of <- of("rmse")[!of("rmse")$method %in% ours, ]
    best <- rivals_of[which.min(rivals_of$mean), ]
    lines[[paste0(name, "_best_baseline")]] <- best$method
    lines[[paste0(name, "_margin")]] <- best$margin
    lines[[paste0(name, "_margin_se")]] <- best$margin_se
    print_results(lines, 3L)
}
