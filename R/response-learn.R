#' Learn how drugs act on cells
#'
#' Learns from measured responses which drugs will act on which cells: on cells
#' that are new (their features are known, no response is), with drugs that are
#' new, or both. Two kinds of model are joined: kernel ridge regression on pairs
#' ([method_kernels()]) and the network of contrastive drug response
#' ([method_cldr()]). What each weighs in the average is decided by blind folds
#' within the data: the drugs or cells that are predicted there have shown no
#' response.
#'
#' Most of the variance of responses is the potency of drugs, which the mean of
#' each drug already has: a high correlation over all rows says little. Read the
#' correlation within drugs (`per_drug`), and the rows of the means in the table
#' of the fit (`tidy(fit)`), before the rest.
#'
#' @param response What [drug_response()] or [read_response()] returns.
#' @param drugs,cells Features: a numeric matrix or data frame with ids as row
#'   names, a `SummarizedExperiment` (ids in columns), or a named list of
#'   several of them. A matrix of zeros and ones is taken for fingerprints.
#'   Drugs and cells without features are left out, and counted.
#' @param blind What is new where the fit will be used: `"cell"`, `"drug"`,
#'   `"both"`, or `"pair"` (both are known, their pair is not). The inner folds
#'   are blind in the same way.
#' @param caption What the text of the network says beside the number; see
#'   [method_cldr()]. `"none"`: no text, a network of squared error alone. Not
#'   used where `methods` are given.
#' @param methods A named list of [method_kernels()] and [method_cldr()], any
#'   number of each. `NULL`: one of each.
#' @param drug_text,cell_text Words about drugs (SMILES, name, target,
#'   mechanism) and cells (name, lineage), by id. `NULL`: their ids. Targets and
#'   mechanisms are knowledge beyond the structure: say so where you report.
#' @param drug_groups,cell_groups Drugs (cells) that must not be parted by a
#'   fold, as a vector with their ids as names. `NULL`: drugs of one structure
#'   by [group_drugs()], where there are fingerprints, and each cell by itself.
#' @param folds How many inner folds.
#' @param folder Where finished members are kept, so that a stopped call goes
#'   on. `NULL`: nowhere.
#' @param control What [train_control()] returns.
#' @param BPPARAM Where members are fitted: see [kith-workers].
#'
#' @return An object of class `response_fit`, a `kith_fit`: plain R data, with
#'   the training responses and features, which kernels need. Its parts:
#'   `members`, `weights` (of their average), `compared` (see
#'   [tidy()][response_fit]), `spread` (of held-out residuals, for intervals),
#'   `data`, `blind`, `methods`, `control`, `version`, `blas`.
#' @section Errors: Of class `kith_error_input`: what [drug_response()] refuses,
#'   features that no drug or cell of the response has, fewer groups than
#'   folds.
#' @references Li K, Gong X, Wu J, Hu W (2024). Contrastive learning
#'   drug response models from natural language supervision. IJCAI, 2126-2134.
#'   doi:10.24963/ijcai.2024/235. Stock M et al. (2018). A comparative study of
#'   pairwise learning methods based on kernel ridge regression. Neural
#'   Computation 30.
#' @family drug response functions
#' @examples
#' set.seed(1)
#' screen <- simulate_response(n_drugs = 25, n_cells = 30)
#' fit <- learn_response(screen$response, screen$drugs, screen$cells,
#'     methods = list(kernels = method_kernels()), folds = 2
#' )
#' fit
#' rank_drugs(fit, rownames(screen$cells)[1], n = 3)
#' @export
learn_response <- function(response, drugs, cells,
                           blind = c("cell", "drug", "both", "pair"),
                           caption = c("full", "number", "none"),
                           methods = NULL, drug_text = NULL, cell_text = NULL,
                           drug_groups = NULL, cell_groups = NULL, folds = 3,
                           folder = NULL, control = train_control(),
                           BPPARAM = BiocParallel::SerialParam()) {
    check_class(control, "train_control", "train_control")
    check_class(BPPARAM, "BiocParallelParam", "BiocParallel::SerialParam")
    check_no_checkpoint(control)
    blind <- check_choice(blind, c("cell", "drug", "both", "pair"))
    caption <- check_choice(caption, c("full", "number", "none"))
    methods <- check_response_methods(methods %||% list(
        kernels = method_kernels(), network = method_cldr(caption = caption)
    ))
    folds <- check_count(folds, min = 2)
    data <- response_data(response, drugs, cells, drug_text, cell_text)
    groups <- response_groups(data, drug_groups, cell_groups)
    key <- draw_key(control$seed)
    parts <- member_parts(data, seq_along(data$response), blind, groups,
        folds, key
    )
    jobs <- response_jobs(
        data, methods, parts, blind, groups, key, control, folder
    )
    response_fit_of(
        data, methods, blind, groups, parts, run_arms(jobs, BPPARAM), control
    )
}

check_response_methods <- function(methods, name = "methods",
                                   call = rlang::caller_env()) {
    one <- inherits(methods, "response_method")
    named <- is.list(methods) && !one && length(methods) > 0L &&
        !is.null(names(methods)) && all(nzchar(names(methods))) &&
        !anyDuplicated(names(methods))
    known <- named && all(vapply(methods, inherits, NA, "response_method"))
    if (!known) {
        abort_input(c(
            "{.arg {name}} must be a named list of {.fn method_kernels} and
            {.fn method_cldr}, each name once.",
            x = "It is {describe_value(methods)}.",
            i = "For instance {.code list(kernels = method_kernels())}."
        ), call = call)
    }
    methods
}

# list(response, drugs, cells, drug_text, cell_text): views and words of the
# drugs and cells of the response, in the order of its ids
response_data <- function(response, drugs, cells, drug_text, cell_text,
                          call = rlang::caller_env()) {
    data <- response_views(response, drugs, cells, call)
    data$drug_text <- caption_texts(
        drug_text, data$response$drugs, "drug_text", call
    )
    data$cell_text <- caption_texts(
        cell_text, data$response$cells, "cell_text", call
    )
    data
}

# list(drug, cell): the group of each drug and cell of the data
response_groups <- function(data, drug_groups, cell_groups,
                            call = rlang::caller_env()) {
    of <- function(groups, ids, name) {
        if (is.null(groups)) {
            return(NULL)
        }
        if (!is.null(names(groups))) {
            check_unique_ids(
                names(groups), paste("the names of", name), call = call
            )
        }
        lost <- setdiff(ids, names(groups))
        if (length(lost) > 0L || anyNA(groups[ids])) {
            abort_input(c(
                "{.arg {name}} must have a group for each id, by name.",
                x = "{length(lost)} id{?s} {?has/have} none, the first is
                {.val {c(lost, ids[is.na(groups[ids])])[1L]}}."
            ), call = call)
        }
        match(groups[ids], unique(groups[ids]))
    }
    structures <- Find(is_fingerprint, data$drugs)
    drug_ids <- data$response$drugs
    list(
        drug = of(drug_groups, drug_ids, "drug_groups") %||%
            if (is.null(structures)) {
                seq_along(drug_ids)
            } else {
                unname(group_drugs(structures)[drug_ids])
            },
        cell = of(cell_groups, data$response$cells, "cell_groups") %||%
            seq_along(data$response$cells)
    )
}

# ---- members -----------------------------------------------------------------

# What is fitted on what: a list of list(train, out), rows of the response: each
# inner fold, and last all rows.
member_parts <- function(data, rows, blind, groups, folds, key,
                         name = rlang::caller_arg(folds),
                         call = rlang::caller_env()) {
    inner <- blind_folds(data$response[rows], blind, key, folds,
        drug_groups = groups$drug, cell_groups = groups$cell, name = name,
        call = call
    )
    c(
        lapply(inner, function(fold) {
            list(train = rows[fold$train], out = rows[fold$test])
        }),
        list(list(train = rows, out = integer()))
    )
}

# an arm for each part and method
response_jobs <- function(data, methods, parts, blind, groups, key, control,
                          folder) {
    unlist(lapply(seq_along(parts), function(i) {
        lapply(names(methods), function(name) {
            last <- i == length(parts)
            new_compare_arm(
                kind = "response",
                label = data.frame(
                    method = name, part = if (last) "all" else as.character(i)
                ),
                settings = list(control = control), folder = folder,
                data = data, method = methods[[name]], part = parts[[i]],
                blind = blind, groups = groups,
                key = derive_key(key, "fold", i)
            )
        })
    }), recursive = FALSE)
}

fit_arm.response_arm <- function(arm) {
    member <- fit_response_member(
        arm$method, arm$data, arm$part$train, arm$blind, arm$groups, arm$key,
        arm$settings$control
    )
    out <- arm$part$out
    if (length(out) == 0L) {
        return(list(label = arm$label, member = member))
    }
    list(label = arm$label, predicted = predict_response_member(
        member, arm$data$drugs, arm$data$cells, response_pairs(arm$data, out)
    ))
}

# the pairs of some rows: data frame drug, cell, of numbers
response_pairs <- function(data, rows) {
    data.frame(drug = data$response$drug[rows], cell = data$response$cell[rows])
}

# Fits a method on some rows of the data: an object of class "response_member".
# What it chooses it chooses on folds of these rows that are blind in the same
# way.
fit_response_member <- function(method, data, rows, blind, groups, key,
                                control) {
    UseMethod("fit_response_member")
}

# Predictions for pairs of drugs and cells (numbers of rows of the views), in
# units of the response.
predict_response_member <- function(member, drugs, cells, pairs) {
    UseMethod("predict_response_member")
}

# ---- the fit -----------------------------------------------------------------

response_fit_of <- function(data, methods, blind, groups, parts, results,
                            control) {
    of_method <- vapply(results, function(end) end$label$method, "")
    is_last <- vapply(results, function(end) end$label$part == "all", NA)
    held_out <- lapply(stats::setNames(nm = names(methods)), function(name) {
        unlist(lapply(results[of_method == name & !is_last], `[[`, "predicted"))
    })
    rows <- unlist(lapply(parts[-length(parts)], `[[`, "out"))
    truth <- data$response$value[rows]
    # without names, of which some weigh more at first in other averages
    weights <- average_weights(unname(held_out), truth)
    names(weights) <- names(methods)
    average <- weighted_sum(held_out, weights)
    members <- lapply(results[is_last], `[[`, "member")
    names(members) <- of_method[is_last]
    new_plain_fit("response_fit", control,
        members = members[names(methods)], weights = weights,
        compared = compare_inner(data, parts, held_out, average),
        spread = residual_spread(
            truth - average, data$response$drug[rows],
            data$response$drugs, blind
        ),
        data = data, blind = blind, groups = groups, methods = methods
    )
}

# How members, their average and the means did on the inner folds, a mean over
# folds: a row for each. (All folds together would set the mean of a drug in one
# fold against that in another, which is lower where the first is higher.)
compare_inner <- function(data, parts, held_out, average) {
    parts <- parts[-length(parts)]
    sizes <- lengths(lapply(parts, `[[`, "out"))
    fold <- rep(seq_along(parts), sizes)
    predicted <- lapply(c(list(average = average), held_out), split, fold)
    measured <- lapply(seq_along(parts), function(f) {
        out <- parts[[f]]$out
        pairs <- response_pairs(data, out)
        means <- inner_means(data, parts[[f]]$train, pairs)
        rows <- lapply(c(lapply(predicted, `[[`, f), means), measure_response,
            truth = data$response$value[out], pairs = pairs,
            effects = means[["mean effects"]]
        )
        as.matrix(do.call(rbind, rows))
    })
    sums <- Reduce(`+`, lapply(measured, function(one) {
        replace(one, is.na(one), 0)
    }))
    counts <- Reduce(`+`, lapply(measured, Negate(is.na)))
    found <- sums / counts
    found[counts == 0] <- NA
    data.frame(model = rownames(found), found, row.names = NULL)
}

# what the means of training rows predict for pairs, by name
inner_means <- function(data, train, pairs) {
    fitted <- fit_effects(
        response_pairs(data, train), data$response$value[train]
    )
    kinds <- c(
        "drug mean" = "drug", "cell mean" = "cell", "mean effects" = "effects"
    )
    lapply(kinds, function(kind) predict_effects(fitted, pairs, kind))
}

# ---- intervals ---------------------------------------------------------------

# How large held-out residuals are: list(scale: of each drug by id, quantiles:
# of absolute residuals over the scale). Drugs that were known where they were
# predicted have scales of their own, drawn towards that of all; new ones the
# same.
residual_spread <- function(residual, drug, drugs, blind) {
    overall <- sqrt(mean(residual^2))
    scale <- rep(overall, length(drugs))
    if (blind %in% c("cell", "pair")) {
        n <- tabulate(drug, length(drugs))
        squares <- numeric(length(drugs))
        sums <- rowsum(residual^2, drug)
        squares[as.integer(rownames(sums))] <- sums
        scale <- sqrt(
            (squares + scale_rows * overall^2) / (n + scale_rows)
        )
    }
    relative <- abs(residual) / pmax(scale[drug], .Machine$double.xmin)
    list(
        overall = overall, scale = stats::setNames(scale, drugs),
        levels = spread_levels,
        quantiles = unname(stats::quantile(relative, spread_levels))
    )
}

# rows that the scale of all drugs counts for in that of one
scale_rows <- 10

spread_levels <- seq(0, 1, by = 0.005)

# half the width of an interval for drugs by id
interval_width <- function(spread, drugs, level) {
    scale <- spread$scale[drugs]
    scale[is.na(scale)] <- spread$overall
    unname(scale) * stats::approx(spread$levels, spread$quantiles, level)$y
}
