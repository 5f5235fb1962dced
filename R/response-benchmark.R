#' Compare predictions of drug response on what is new
#'
#' Holds out cells, drugs, both, or pairs, again and again; fits every arm on
#' the same training pairs and compares what they predict. Whatever an arm
#' chooses (penalties, widths, epochs, weights of an average) it chooses within
#' the training pairs, on folds that are blind in the same way.
#'
#' The arms are `"kith"` (the average that [learn_response()] makes of
#' `methods`), each of these alone, each of `rivals` alone, and baselines:
#' * `"drug mean"`, `"cell mean"`, `"mean effects"`: what the means of the known
#'   drugs and cells say; with both new, the overall mean.
#' * `"kernel ridge"`: for new cells a ridge regression for each drug on the
#'   kernel of cells (RBF), for new drugs one for each cell on Tanimoto's; for
#'   both the sum of a drug's and a cell's predicted mean. Its penalty is chosen
#'   by leaving out one cell or drug at a time, whatever its group.
#' * `"random forest"`: 200 trees (`ranger`) on 30 principal components of
#'   drugs and of cells, of what the means of the known drugs and cells leave.
#' * `"low rank"`, for pairs: mean effects and a matrix of rank 12 with shrunken
#'   singular values, without any feature.
#'
#' @inheritParams learn_response
#' @param by What is held out: one or several of `"pair"`, `"cell"`, `"drug"`,
#'   `"both"`. With `"both"` a fold tests the pairs of its drugs with its cells,
#'   and pairs that share one of them are not used.
#' @param methods Members of the average, as [learn_response()] takes them.
#' @param rivals A named list of further methods, each fitted alone: as
#'   `list(MSE = method_cldr(caption = "none"))`, the same network without text.
#' @param baselines Names of those to compare with. `NULL`: all that suit.
#' @param folds How many folds; each tests a part of the drugs, cells or pairs.
#' @param repeats How often all is dealt to folds anew.
#' @param inner_folds Of [learn_response()].
#' @return A data frame of class `response_benchmark` with a row for each
#'   `by`, `repeat_`, `fold` and `method`: `rmse`, `pearson`, `spearman`,
#'   `per_drug`, `per_cell`, `normalised` (see [tidy()][response_fit]),
#'   `coverage` (share of responses within the 90 % interval, of `"kith"`
#'   alone), `n_train`, `n_test`, `seconds` (`NA` for members of the average).
#'   Its attribute `"predicted"` has the test rows with `value` and the
#'   prediction of each arm.
#' @section Errors: Of class `kith_error_input`: those of [learn_response()], an
#'   unknown baseline, one that suits none of `by`.
#' @family drug response functions
#' @examples
#' set.seed(1)
#' screen <- simulate_response(n_drugs = 25, n_cells = 30)
#' result <- benchmark_response(screen$response, screen$drugs, screen$cells,
#'     by = "cell", methods = list(kernels = method_kernels()),
#'     baselines = c("drug mean", "kernel ridge"), folds = 2, inner_folds = 2
#' )
#' summary(result)
#' @order 1
#' @export
benchmark_response <- function(response, drugs, cells,
                               by = c("pair", "cell", "drug", "both"),
                               methods = NULL, rivals = list(),
                               baselines = NULL, drug_text = NULL,
                               cell_text = NULL, drug_groups = NULL,
                               cell_groups = NULL, folds = 5, repeats = 1,
                               inner_folds = 3, control = train_control(),
                               folder = NULL,
                               BPPARAM = BiocParallel::SerialParam()) {
    check_class(control, "train_control", "train_control")
    check_class(BPPARAM, "BiocParallelParam", "BiocParallel::SerialParam")
    check_no_checkpoint(control)
    by <- check_several(by, names(blind_words))
    methods <- check_response_methods(methods %||% list(
        kernels = method_kernels(), network = method_cldr()
    ))
    if (length(rivals)) check_response_methods(rivals, "rivals")
    if (!is.null(baselines)) {
        baselines <- check_several(baselines, names(response_baselines))
        check_baselines_suit(baselines, by)
    }
    check_arm_names(c(
        "kith", names(methods), names(rivals), names(response_baselines)
    ), "methods")
    folds <- check_count(folds, min = 2)
    repeats <- check_count(repeats)
    inner_folds <- check_count(inner_folds, min = 2)
    data <- response_data(response, drugs, cells, drug_text, cell_text)
    groups <- response_groups(data, drug_groups, cell_groups)
    key <- draw_key(control$seed)
    settings <- list(
        control = control, methods = methods, inner_folds = inner_folds
    )
    call <- rlang::current_env()
    jobs <- lapply(by, function(blind) {
        chosen <- suitable_baselines(baselines, blind)
        lapply(seq_len(repeats), function(i) {
            benchmark_jobs(
                data, groups, blind, i, folds, rivals, chosen, settings,
                derive_key(
                    key, "split", 4L * i + match(blind, names(blind_words))
                ),
                folder, call
            )
        })
    })
    jobs <- unlist(unlist(jobs, recursive = FALSE), recursive = FALSE)
    new_response_benchmark(
        jobs, run_arms(jobs, BPPARAM), names(methods), names(rivals)
    )
}

# each is compared by one of the ways to hold out at least
check_baselines_suit <- function(baselines, by, call = rlang::caller_env()) {
    used <- unlist(lapply(by, suitable_baselines, baselines = baselines))
    lost <- setdiff(baselines, used)
    if (length(lost)) {
        suits <- response_baselines[[lost[1L]]]$suits
        abort_input(c(
            "{.arg baselines} must predict what is held out.",
            x = "{.val {lost[1L]}} predicts {.or {.val {suits}}}; {.arg by} is
            {.val {by}}."
        ), call = call)
    }
}

suitable_baselines <- function(baselines, blind) {
    suits <- vapply(response_baselines, function(one) blind %in% one$suits, NA)
    intersect(baselines %||% names(response_baselines), names(which(suits)))
}

# the arms of one way to hold out, dealt once
benchmark_jobs <- function(data, groups, blind, repeat_, folds, rivals,
                           baselines, settings, key, folder,
                           call = rlang::caller_env()) {
    parts <- blind_folds(data$response, blind, key, folds,
        drug_groups = groups$drug, cell_groups = groups$cell, call = call
    )
    arms <- c(
        list(kith = settings$methods), rivals,
        stats::setNames(as.list(baselines), baselines)
    )
    unlist(lapply(seq_along(parts), function(f) {
        lapply(names(arms), function(name) {
            new_compare_arm(
                kind = "response_benchmark",
                label = data.frame(
                    by = blind, repeat_ = repeat_, fold = f, arm = name
                ),
                settings = settings, folder = folder, data = data,
                groups = groups, part = parts[[f]], arm = arms[[name]],
                blind = blind, key = derive_key(key, "fold", f)
            )
        })
    }), recursive = FALSE)
}

fit_arm.response_benchmark_arm <- function(arm) {
    started <- proc.time()[["elapsed"]]
    predicted <- predict_arm(arm$arm, arm)
    covered <- attr(predicted, "coverage")
    pairs <- response_pairs(arm$data, arm$part$test)
    train <- arm$part$train
    effects <- predict_effects(fit_effects(
        response_pairs(arm$data, train), arm$data$response$value[train]
    ), pairs)
    truth <- arm$data$response$value[arm$part$test]
    rows <- lapply(names(predicted), function(name) {
        cbind(
            method = name,
            measure_response(predicted[[name]], truth, pairs, effects),
            coverage = if (name == "kith") covered else NA_real_
        )
    })
    rows <- do.call(rbind, rows)
    rows$n_train <- length(train)
    rows$n_test <- length(truth)
    rows$seconds <- c(
        proc.time()[["elapsed"]] - started, rep(NA_real_, nrow(rows) - 1L)
    )
    list(
        label = arm$label[c("by", "repeat_", "fold")], rows = rows,
        predicted = predicted
    )
}

# Named list of the predictions of an arm; the average also gives those of its
# members.
predict_arm <- function(method, arm) UseMethod("predict_arm")

# a list of methods: the average and its members
predict_arm.list <- function(method, arm) {
    rows <- arm$part$train
    parts <- member_parts(
        arm$data, rows, arm$blind, arm$groups, arm$settings$inner_folds,
        arm$key,
        name = "inner_folds", call = NULL
    )
    jobs <- response_jobs(
        arm$data, method, parts, arm$blind, arm$groups, arm$key,
        arm$settings$control, NULL
    )
    fit <- response_fit_of(
        arm$data, method, arm$blind, arm$groups, parts,
        lapply(jobs, function(job) fit_arm(job)), arm$settings$control
    )
    pairs <- response_pairs(arm$data, arm$part$test)
    alone <- predict_members(
        fit$members, arm$data$drugs, arm$data$cells, pairs
    )
    average <- weighted_sum(alone, fit$weights)
    half <- interval_width(
        fit$spread, arm$data$response$drugs[pairs$drug], 0.9
    )
    truth <- arm$data$response$value[arm$part$test]
    structure(c(list(kith = average), alone),
        coverage = mean(abs(truth - average) <= half)
    )
}

predict_arm.response_method <- function(method, arm) {
    member <- fit_response_member(
        method, arm$data, arm$part$train, arm$blind, arm$groups, arm$key,
        arm$settings$control
    )
    stats::setNames(list(predict_response_member(
        member, arm$data$drugs, arm$data$cells,
        response_pairs(arm$data, arm$part$test)
    )), arm$label$arm)
}

# the name of a baseline
predict_arm.character <- function(method, arm) {
    task <- list(
        data = arm$data, rows = arm$part$train, out = arm$part$test,
        blind = arm$blind, groups = arm$groups, key = arm$key,
        threads = arm$settings$control$threads
    )
    stats::setNames(list(response_baselines[[method]]$predict(task)), method)
}

# ---- the result --------------------------------------------------------------

new_response_benchmark <- function(jobs, results, members, rivals) {
    rows <- lapply(results, function(result) cbind(result$label, result$rows))
    labels <- lapply(jobs, function(job) {
        paste(unlist(job$label[c("by", "repeat_", "fold")]), collapse = " ")
    })
    predicted <- lapply(split(seq_along(jobs), unlist(labels)), function(at) {
        job <- jobs[[at[1L]]]
        response <- job$data$response
        out <- job$part$test
        arms <- unlist(lapply(results[at], `[[`, "predicted"),
            recursive = FALSE
        )
        cbind(
            job$label[c("by", "repeat_", "fold")],
            drug = response$drugs[response$drug[out]],
            cell = response$cells[response$cell[out]],
            value = response$value[out],
            as.data.frame(arms, optional = TRUE)
        )
    })
    by <- vapply(predicted, function(table) table$by[1L], "")
    structure(do.call(rbind, rows),
        class = c("response_benchmark", "data.frame"),
        predicted = lapply(split(predicted, by), function(tables) {
            do.call(rbind, unname(tables))
        }),
        ours = c("kith", members, rivals)
    )
}

#' @rdname benchmark_response
#' @order 2
#' @param object A result of `benchmark_response()`.
#' @param first Which arm the others are compared with.
#' @param measure One of those of the result.
#' @param bootstrap Draws of the paired bootstrap over what was held out (cells,
#'   drugs, pairs; drugs where both were), for `"rmse"`, `"pearson"` and
#'   `"spearman"`; 0: no bounds.
#' @param level Of the bounds.
#' @param ... Not used.
#' @method summary response_benchmark
#' @export
summary.response_benchmark <- function(object, first = "kith",
                                       measure = "rmse", bootstrap = 200,
                                       level = 0.95, ...) {
    rlang::check_dots_empty()
    measure <- response_measures[[
        check_choice(measure, names(response_measures))
    ]]
    bootstrap <- check_count(bootstrap, min = 0)
    level <- check_number(level, 0, 1, open = TRUE)
    if (is.null(measure$of)) bootstrap <- 0L
    tables <- lapply(unique(object$by), function(by) {
        rows <- object[object$by == by, ]
        arms <- unique(rows$method)
        check_choice(first, arms, call = rlang::caller_env(2))
        values <- tapply(rows[[measure$name]], list(
            paste(rows$repeat_, rows$fold), rows$method
        ), mean)[, arms, drop = FALSE]
        predicted <- attr(object, "predicted")[[by]]
        unit <- switch(by,
            # repeats hold out the same pairs again
            pair = paste(predicted$drug, predicted$cell, sep = "\n"),
            cell = predicted$cell,
            predicted$drug
        )
        cbind(by = by, compare_folds(values, first, measure), margin_bounds(
            predicted[arms], predicted$value, unit, arms, first, measure,
            bootstrap, level
        ))
    })
    do.call(rbind, tables)
}

#' @rdname benchmark_response
#' @order 2
#' @importFrom ggplot2 autoplot
#' @method autoplot response_benchmark
#' @export
autoplot.response_benchmark <- function(object, measure = "rmse", ...) {
    rlang::check_dots_empty()
    rows <- summary(object, measure = measure, bootstrap = 0)
    rows$kind <- ifelse(
        rows$method %in% attr(object, "ours"), "kith", "baseline"
    )
    n <- length(unique(paste(object$repeat_, object$fold)))
    rows$lower <- rows$mean - rows$sd / sqrt(n)
    rows$upper <- rows$mean + rows$sd / sqrt(n)
    rows$method <- factor(rows$method, rev(unique(rows$method)))
    words <- unlist(blind_words)
    rows$by <- factor(words[rows$by], words[unique(object$by)])
    ggplot2::ggplot(rows, ggplot2::aes(
        .data$mean, .data$method,
        colour = .data$kind
    )) +
        ggplot2::geom_errorbarh(
            ggplot2::aes(xmin = .data$lower, xmax = .data$upper),
            height = 0.3, na.rm = TRUE
        ) +
        ggplot2::geom_point(size = 2.2, na.rm = TRUE) +
        ggplot2::facet_wrap(ggplot2::vars(.data$by), scales = "free_x") +
        ggplot2::scale_colour_manual(values = ranking_colours) +
        ggplot2::scale_x_continuous(n.breaks = 4) +
        ggplot2::labs(
            x = paste(
                response_measures[[measure]]$label,
                "(bars: standard error over folds)"
            ), y = NULL, title = "Drug response of what was held out"
        ) +
        study_theme() +
        ggplot2::theme(
            legend.position = "none",
            panel.spacing.x = ggplot2::unit(1.2, "lines")
        )
}

#' @method print response_benchmark
#' @export
print.response_benchmark <- function(x, ...) {
    shown <- c("rmse", "pearson", "per_drug", "normalised")
    # some of its columns are a plain table
    if (!all(c("by", "repeat_", "fold", "method", shown) %in% names(x))) {
        return(NextMethod())
    }
    cli::cat_line(sprintf(
        "<response_benchmark> %d folds, %d arms",
        length(unique(paste(x$repeat_, x$fold))), length(unique(x$method))
    ))
    for (by in unique(x$by)) {
        rows <- x[x$by == by, ]
        table <- vapply(shown, function(measure) {
            tapply(rows[[measure]], factor(rows$method, unique(rows$method)),
                mean,
                na.rm = TRUE
            )
        }, numeric(length(unique(rows$method))))
        # of arms for which it has a value in no fold
        table[is.nan(table)] <- NA
        cli::cat_line("  held out: ", blind_words[[by]])
        print(round(table, 3))
    }
    invisible(x)
}
