# New samples, checked and scaled as those of a fit.

# of the genes of a fit that new samples may lack
largest_missing_share <- 0.1

# new samples as the fit sees them
new_samples <- function(fit, newdata, assay = NULL, name = "newdata",
                        call = rlang::caller_env()) {
    x <- sample_matrix(newdata, assay %||% fit$assay, name, call)
    scaling <- fit$scaling
    check_genes_there(scaling, colnames(x), name, call)
    # values of other genes have no say
    x <- x[, colnames(x) %in% scaling$genes, drop = FALSE]
    scan_features(x, name, call)
    check_no_negative(x, scaling$transform, name, call)
    scaled <- scaled_samples(x, scaling, name)
    warn_other_scale(scaled, name)
    scaled
}

# genes that new samples lack: of those that are used, and of counts those that
# make the depth of a sample
check_genes_there <- function(scaling, known, name, call) {
    genes <- scaling$genes[scaling$kept]
    missing <- setdiff(genes, known)
    share <- length(missing) / length(genes)
    if (share > largest_missing_share) {
        abort_input(c(
            "{.arg {name}} must have the genes of the fit.",
            x = "{length(missing)} of {length(genes)} are missing, such as
            {.val {missing[1]}}; at most
            {format(100 * largest_missing_share)} in a hundred may be.",
            i = advise_ids(missing, known)
        ), call = call)
    }
    if (length(missing)) {
        inform_kith(c(
            "!" = "{length(missing)} of {length(genes)} genes of the fit
            {?is/are} not in {.arg {name}}, such as {.val {missing[1]}}: they
            take their mean of the training samples."
        ), class = "kith_message_genes")
    }
    if (scaling$transform != "log_cpm") {
        return(invisible())
    }
    uncounted <- !scaling$genes %in% known
    share <- sum(scaling$count_share[uncounted])
    if (share > largest_missing_share) {
        first <- which(uncounted)[which.max(scaling$count_share[uncounted])]
        abort_input(c(
            "{.arg {name}} must have the genes of the fit, also those that only
            count for the depth of a sample.",
            x = "{sum(uncounted)} of {length(scaling$genes)} are missing, most
            of them {.val {scaling$genes[first]}}; they make
            {format(100 * share, digits = 2)} in a hundred of the counts, and at
            most {format(100 * largest_missing_share)} may be missing."
        ), call = call)
    }
}

# of values that lie beyond the largest score
largest_cut_share <- 0.05

# Samples on another scale (counts for logarithms) are cut at the largest score
# nearly everywhere. Looks at some genes.
warn_other_scale <- function(x, name) {
    columns <- unique(round(seq(1, ncol(x), length.out = min(ncol(x), 200))))
    scores <- standard_scores(x, columns)
    share <- mean(abs(scores) > largest_score, na.rm = TRUE)
    if (isTRUE(share > largest_cut_share)) {
        warn_kith(c(
            "{format(100 * share, digits = 2)} in a hundred values of
            {.arg {name}} lie more than {largest_score} standard deviations from
            the training samples, and are cut there.",
            i = "Are they on the scale of the training samples
            ({.code transform = \"{x$scaling$transform}\"})?"
        ), class = "kith_warning_scale")
    }
}

check_no_negative <- function(x, transform, name, call) {
    if (transform == "none") {
        return(invisible())
    }
    for (columns in column_blocks(x)) {
        block <- dense_block(x, columns)
        if (any(block < 0)) {
            abort_input(c(
                "{.arg {name}} must have no negative values.",
                x = "The lowest is {format(min(block))}, but the fit takes
                {.code transform = \"{transform}\"} of its samples.",
                i = "Give values on the scale of the training samples."
            ), call = call)
        }
    }
}
