# scores of genes by one scorer of a fit; x: signal
score_part <- function(part, signal, threads, precision) {
    n_bins <- signal$n_bins
    if (!is.null(part$members)) {
        scores <- vapply(part$members, function(member) {
            values <- apply_transform(signal, member$input$transform)
            input <- network_input(
                part$scorer, values, n_bins, member$input$standardiser
            )
            network_encode(
                part$network, precision, member$parameters, input, threads,
                member$state %||% double()
            )[, 1L]
        }, numeric(nrow(signal$values)))
        return(rowMeans(matrix(scores, nrow(signal$values))))
    }
    values <- apply_transform(signal, part$transform)
    space_scores(part$space, part$coefficients, values, n_bins, threads)
}
