# Survival times as labels: Cox regression on the spaces of a fit. The fits are
# glmnet's, times and their concordance are those of survival.

# y: a survival::Surv, right-censored
survival_labels <- function(y, samples, call) {
    if (!identical(attr(y, "type"), "right")) {
        abort_input(c(
            "{.arg y} must be right-censored survival times.",
            x = "They are of type {.val {attr(y, 'type')}}.",
            i = "Use {.code survival::Surv(time, event)}."
        ), call = call)
    }
    rows <- labelled_rows(rownames(y), nrow(y), samples, "y", call)
    there <- !is.na(y[, "time"]) & !is.na(y[, "status"])
    time <- y[there, "time"]
    n_events <- sum(y[there, "status"])
    if (n_events < fewest_events || any(time <= 0)) {
        found <- if (any(time <= 0)) {
            "One is {min(time)}."
        } else {
            "There {cli::qty(n_events)}{?is/are} {n_events}."
        }
        abort_input(c(
            "{.arg y} must have times above 0 and at least {fewest_events}
            events.",
            x = found,
            i = if (any(time <= 0)) "Set {.code NA} for samples without a time."
        ), call = call)
    }
    list(kind = "survival", y = y[there], rows = rows[there])
}

fewest_events <- 10L

# Ridge-penalised Cox regression on each space, with the penalty that fits inner
# folds best; the space that fits them better has all the weight.
learn_survival <- function(spaces, y, groups, settings) {
    need_package("glmnet", "Learning from survival times")
    k <- min(settings$folds, length(unique(groups)))
    folds <- item_folds(length(groups), k, settings$key, groups = groups)
    found <- lapply(spaces, function(space) {
        glmnet::cv.glmnet(space, y,
            family = "cox", alpha = 0, foldid = folds, standardize = FALSE
        )
    })
    # partial deviance
    errors <- vapply(found, function(one) min(one$cvm), numeric(1))
    weights <- as.double(seq_along(errors) == which.min(errors))
    list(
        heads = lapply(found, function(one) {
            rbind(0, as.matrix(stats::coef(one, s = "lambda.min")))
        }),
        weights = stats::setNames(weights, names(spaces))
    )
}

# Harrell's: of pairs whose order is known, the share with the higher risk first
measure_survival <- new_measure(
    "concordance", "concordance", TRUE, function(predicted, truth) {
        survival::concordance(truth ~ predicted, reverse = TRUE)$concordance
    }
)
