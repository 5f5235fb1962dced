# Checks tests/testthat/fixtures/golden-*.json against plain R: the loss of the
# first step from `parameters_start`, and the encoding from `parameters_end`.
# (Where known partners count beyond the batch's own pairs, tests/testthat/
# test-multi-positive.R has the plain R of the loss; here the encoding alone.)
# A fixture whose flat order or indices were misread cannot pass.
#
#     Rscript tools/golden-check.R

TOLERANCE <- 1e-12

# erf-free exact GELU: x * P(N(0, 1) < x)
activate <- function(x, encoder) {
    switch(encoder$activation,
        gelu = x * stats::pnorm(x),
        relu = pmax(x, 0),
        leaky_relu = ifelse(x > 0, x, encoder$slope * x)
    )
}

layer_norm <- function(x, scale, shift) {
    centred <- x - rowMeans(x)
    unit <- centred / sqrt(rowMeans(centred^2) + 1e-5)
    sweep(sweep(unit, 2, scale, "*"), 2, shift, "+")
}

# Hands out the flat parameters from the front.
parameter_reader <- function(flat) {
    at <- 0L
    function(n) {
        if (n == 0L) {
            return(length(flat) - at)
        }
        values <- flat[at + seq_len(n)]
        at <<- at + n
        values
    }
}

encode_plain <- function(x, encoder, flat) {
    take <- parameter_reader(flat)
    widths <- c(encoder$n_in, encoder$hidden, encoder$n_in)
    g <- x
    for (i in seq_len(length(widths) - 1L)) {
        n_in <- widths[i]
        n_out <- widths[i + 1L]
        weight <- matrix(take(n_in * n_out), n_out, n_in, byrow = TRUE)
        bias <- take(n_out)
        g <- sweep(g %*% t(weight), 2, bias, "+")
        if (encoder$layer_norm) {
            scale <- take(n_out)
            g <- layer_norm(g, scale, take(n_out))
        }
        if (i <= length(encoder$hidden)) {
            g <- activate(g, encoder)
        }
    }
    if (encoder$blend) {
        share <- stats::plogis(take(1L))
        g <- share * x + (1 - share) * g
    }
    stopifnot(take(0L) == 0L)
    if (encoder$normalize) g / sqrt(rowSums(g^2)) else g
}

cross_entropy <- function(scores, target) {
    top <- apply(scores, 1L, max)
    log_sum <- top + log(rowSums(exp(scores - top)))
    mean(log_sum - scores[cbind(seq_len(nrow(scores)), target)])
}

loss_first_step <- function(golden) {
    x <- golden$x
    tau <- golden$objective$temperature
    a <- golden$pairs[1L, , 1L] + 1L
    b <- golden$pairs[1L, , 2L] + 1L
    f <- encode_plain(x, golden$encoder, golden$parameters_start)
    keys <- if (golden$objective$keys == "raw") x else f
    own <- seq_along(a)
    if (golden$objective$negatives == "batch") {
        scores <- tcrossprod(f[a, ], keys[b, ]) / tau
        return((cross_entropy(scores, own) + cross_entropy(t(scores), own)) / 2)
    }
    one_direction <- function(anchor, partner, negatives) {
        all <- tcrossprod(f[anchor, ], keys) / tau
        picked <- cbind(partner, negatives + 1L)
        scores <- matrix(
            all[cbind(c(row(picked)), c(picked))], nrow(picked)
        )
        cross_entropy(scores, rep(1L, length(anchor)))
    }
    forth <- one_direction(a, b, golden$negatives[1L, 1L, , ])
    back <- one_direction(b, a, golden$negatives[1L, 2L, , ])
    (forth + back) / 2
}

files <- Sys.glob("tests/testthat/fixtures/golden-*.json")
# the others are no runs of learn_associations()
others <- paste0(
    "^golden-(layers|parts|positions|ranking|residual|response-.*|samples-.*|",
    "text|transcripts)[.]json$"
)
files <- files[!grepl(others, basename(files))]
stopifnot(length(files) > 0L)
for (file in files) {
    golden <- jsonlite::fromJSON(file)
    by_batch <- golden$objective$negatives %in% c("batch", "uniform")
    stopifnot(
        !by_batch || identical(dim(golden$pairs), c(10L, 12L, 2L)),
        identical(dim(golden$x), c(20L, 6L))
    )
    encoding <- encode_plain(golden$x, golden$encoder, golden$parameters_end)
    differs <- c(
        loss = if (by_batch) {
            abs(loss_first_step(golden) - golden$losses[1L])
        } else {
            0
        },
        encoding = max(abs(encoding - golden$encoding))
    )
    cat(sprintf(
        "%-34s loss %.1e  encoding %.1e\n", basename(file),
        differs[["loss"]], differs[["encoding"]]
    ))
    stopifnot(differs < TOLERANCE)
}
