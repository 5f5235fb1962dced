# Draws the figures of README.md into man/figures.
#
#     Rscript tools/readme-figures.R [options]
#
#     --tables=DIR    result tables (default: inst/extdata/results), as written
#                     by bench/heldout.R --tables=DIR
#     --figures=DIR   where the figures go (default: man/figures)
#     --lib=DIR       library that kith is loaded from
#
# heldout.png       AUC of kith and the baselines on held-out pairs, of those
#                   sets whose table is there
# kin-and-kith.png  score against cosine; simulated and trained here, in half a
#                   minute
# time-to-auc.png   training-pair AUC against seconds, kith and PyTorch
# badge-*.svg       what DESCRIPTION says, so that no badge is out of date
#
# A figure whose tables are missing is left as it is, with a message.

source("bench/common.R")

colours <- c(kith = "#D55E00", other = "#0072B2", background = "#999999")

read_table <- function(name) {
    folder <- option("tables", "inst/extdata/results")
    file <- file.path(folder, paste0(name, ".csv"))
    if (!file.exists(file)) {
        message("not there: ", file)
        return(NULL)
    }
    utils::read.csv(file)
}

figure_file <- function(name) {
    folder <- option("figures", "man/figures")
    dir.create(folder, showWarnings = FALSE, recursive = TRUE)
    file.path(folder, name)
}

# 1600 pixels wide; text of 10 points is 28 pixels high
draw <- function(plot, name, height) {
    file <- figure_file(paste0(name, ".png"))
    ggplot2::ggsave(file, plot,
        device = ragg::agg_png, width = 8, height = height, dpi = 200
    )
    message("drawn: ", file, ", ", round(file.size(file) / 1e3), " kB")
}

figure_theme <- function() {
    list(
        ggplot2::theme_bw(base_size = 14),
        ggplot2::theme(
            panel.grid.minor = ggplot2::element_blank(),
            strip.background = ggplot2::element_rect(fill = "grey93"),
            strip.text = ggplot2::element_text(size = 13),
            axis.text = ggplot2::element_text(colour = "grey20"),
            legend.position = "top",
            legend.margin = ggplot2::margin(0, 0, -4, 0)
        )
    )
}

# Held-out table ---------------------------------------------------------------

set_labels <- c(
    hpa64 = "HPA64\nexpression, human",
    k562 = "K562\nPerturb-seq, human",
    ecoli = "E. coli\nexpression"
)
setting_labels <- c(one = "one gene unseen", both = "both genes unseen")

read_heldout <- function() {
    tables <- lapply(names(set_labels), function(name) {
        table <- read_table(paste0("heldout-", name))
        if (!is.null(table)) cbind(set = set_labels[[name]], table)
    })
    table <- do.call(rbind, tables)
    # forms of kith's score are no baselines
    table[!table$method %in% c("kith corrected", "kith networks"), ]
}

plot_heldout <- function(table) {
    ranked <- sort(tapply(table$auc, table$method, mean))
    ranked <- c(setdiff(names(ranked), "kith"), "kith")
    table$method <- factor(table$method, ranked)
    table$set <- factor(table$set, set_labels)
    table$setting <- setting_labels[table$setting]
    table$ours <- ifelse(table$method == "kith", "kith", "other")
    # ggplot2 dodges upwards; the first setting stands above
    table$setting <- factor(table$setting, rev(setting_labels))
    place <- ggplot2::position_dodge(0.6)
    ggplot2::ggplot(table, ggplot2::aes(
        .data$auc, .data$method,
        colour = .data$ours, shape = .data$setting, group = .data$setting
    )) +
        ggplot2::geom_vline(
            xintercept = 0.5, linetype = 2, colour = "grey60"
        ) +
        ggplot2::geom_errorbarh(
            ggplot2::aes(
                xmin = .data$auc - .data$sd, xmax = .data$auc + .data$sd
            ),
            position = place, height = 0.5, na.rm = TRUE
        ) +
        ggplot2::geom_point(
            position = place, size = 1.8, fill = "white", stroke = 0.9
        ) +
        ggplot2::facet_wrap(ggplot2::vars(.data$set), nrow = 1) +
        ggplot2::scale_colour_manual(values = colours, guide = "none") +
        ggplot2::scale_shape_manual(
            values = c(16, 21), name = NULL, breaks = setting_labels
        ) +
        ggplot2::scale_x_continuous(
            limits = c(0.45, 1), breaks = seq(0.5, 1, 0.1),
            labels = function(x) sub("^0", "", format(x))
        ) +
        ggplot2::labs(
            x = "AUC on held-out pairs, mean and sd over gene splits", y = NULL
        ) +
        figure_theme()
}

# Kin and kith -----------------------------------------------------------------

# scored pairs of two genes that have no training pair; roles are known
score_unseen <- function() {
    set.seed(1L)
    organism <- simulate_network()
    parts <- split_pairs(
        gene_pairs(organism$pairs),
        by = "gene"
    )
    fit <- learn_associations(organism$vectors, parts$train,
        control = train_control(seed = 1L, verbose = FALSE)
    )
    genes <- organism$genes
    rownames(genes) <- genes$gene
    pairs <- as.data.frame(t(utils::combn(sort(parts$test_genes), 2L)))
    names(pairs) <- c("from", "to")
    truth <- organism$truth[organism$truth$status != "spurious", ]
    partners <- which(
        pair_key(pairs$from, pairs$to) %in% pair_key(truth$from, truth$to)
    )
    complexes <- genes[pairs$from, "complex"] == genes[pairs$to, "complex"]
    strangers <- sample(which(!(complexes %in% TRUE)), 20L * length(partners))
    scored <- score_pairs(fit, pairs[c(partners, strangers), ])
    same <- genes[scored$from, "role"] == genes[scored$to, "role"]
    scored$kind <- ifelse(same, "kin", "kith")
    scored$kind[-seq_along(partners)] <- "strangers"
    scored
}

kind_labels <- c(
    kin = "kin: partners, same role",
    kith = "kith: partners, different roles"
)

# what tells partners of each kind from strangers
measure_kinds <- function(scored) {
    rows <- lapply(names(kind_labels), function(kind) {
        shown <- scored[scored$kind %in% c(kind, "strangers"), ]
        areas <- vapply(shown[c("cosine", "score")], auc, 0,
            positive = shown$kind == kind
        )
        areas <- sub("^0", "", sprintf("%.2f", areas))
        data.frame(
            kind = kind,
            text = paste0("AUC\ncosine ", areas[1L], "\nscore ", areas[2L])
        )
    })
    do.call(rbind, rows)
}

plot_kin_and_kith <- function(scored) {
    strangers <- scored[scored$kind == "strangers", c("cosine", "score")]
    partners <- scored[scored$kind != "strangers", ]
    palette <- c(kin = colours[["other"]], kith = colours[["kith"]])
    ggplot2::ggplot(partners, ggplot2::aes(.data$cosine, .data$score)) +
        ggplot2::geom_bin_2d(
            ggplot2::aes(fill = ggplot2::after_stat(.data$count)),
            data = strangers, binwidth = c(0.07, 0.7)
        ) +
        ggplot2::geom_point(
            ggplot2::aes(fill = NULL, colour = .data$kind),
            size = 1, shape = 16
        ) +
        ggplot2::geom_text(ggplot2::aes(label = .data$text),
            data = measure_kinds(scored), x = 0.32, y = min(strangers$score),
            hjust = 0, vjust = 0, size = 4.6, lineheight = 0.95
        ) +
        ggplot2::facet_wrap(ggplot2::vars(.data$kind),
            nrow = 1, labeller = ggplot2::as_labeller(kind_labels)
        ) +
        ggplot2::scale_colour_manual(values = palette, guide = "none") +
        ggplot2::scale_fill_steps(
            low = "grey92", high = "grey50", trans = "log10",
            breaks = c(3, 10, 30),
            name = "pairs without\na common\ncomplex, per tile"
        ) +
        ggplot2::labs(
            x = "cosine of the vectors (do they look alike?)",
            y = "association score (log-odds)"
        ) +
        figure_theme() +
        ggplot2::theme(
            legend.position = "right",
            legend.title = ggplot2::element_text(size = 11)
        )
}

# Time -------------------------------------------------------------------------

plot_time <- function(table) {
    table$program <- factor(table$program, c("kith", "PyTorch"))
    run <- paste(table$program, table$seed)
    last <- do.call(rbind, lapply(split(table, run), function(rows) {
        rows[which.max(rows$seconds), ]
    }))
    reached <- mean(last$auc[last$program == "PyTorch"])
    labels <- stats::aggregate(
        cbind(seconds, auc) ~ program, last, stats::median
    )
    ggplot2::ggplot(table, ggplot2::aes(
        .data$seconds, .data$auc,
        colour = .data$program
    )) +
        ggplot2::geom_hline(
            yintercept = reached, linetype = 2, colour = "grey60"
        ) +
        ggplot2::geom_line(
            ggplot2::aes(group = paste(.data$program, .data$seed)),
            linewidth = 0.7
        ) +
        ggplot2::geom_point(data = last, size = 2.4) +
        ggplot2::geom_text(
            ggplot2::aes(label = .data$program),
            data = labels, size = 5, fontface = "bold", hjust = 1, vjust = -0.9
        ) +
        ggplot2::scale_colour_manual(
            values = unname(colours[c("kith", "other")]), guide = "none"
        ) +
        ggplot2::scale_x_log10(
            breaks = c(0.1, 0.3, 1, 3, 10, 30, 100, 300),
            labels = function(x) format(x, drop0trailing = TRUE, trim = TRUE)
        ) +
        ggplot2::scale_y_continuous(
            expand = ggplot2::expansion(c(0.05, 0.12))
        ) +
        ggplot2::annotation_logticks(sides = "b", colour = "grey60") +
        ggplot2::labs(
            x = "seconds of training (log scale)",
            y = "AUC of the training pairs"
        ) +
        figure_theme()
}

# Badges -----------------------------------------------------------------------

draw_badge <- function(label, value, colour) {
    texts <- c(label, value)
    lengths <- 6.4 * nchar(texts)
    widths <- lengths + 12
    starts <- c(0, widths[1L])
    svg <- c(
        sprintf(
            paste(
                '<svg xmlns="http://www.w3.org/2000/svg" height="20"',
                'width="%g" role="img" aria-label="%s: %s">'
            ),
            sum(widths), label, value
        ),
        sprintf(
            '<rect x="%g" width="%g" height="20" fill="%s"/>',
            starts, widths, c("#555555", colour)
        ),
        sprintf(
            paste(
                '<text x="%g" y="14" textLength="%g" fill="#ffffff"',
                'font-family="DejaVu Sans, Verdana, sans-serif"',
                'font-size="11">%s</text>'
            ),
            starts + 6, lengths, texts
        ),
        "</svg>"
    )
    writeLines(svg, figure_file(paste0("badge-", label, ".svg")))
}

draw_badges <- function() {
    described <- read.dcf("DESCRIPTION", c("Depends", "License"))
    needed <- sub(".*R \\(>= ([0-9.]+)\\).*", "\\1", described[1L, "Depends"])
    licence <- sub(" .*", "", described[1L, "License"])
    draw_badge("R", paste("from", needed), colours[["other"]])
    draw_badge("licence", licence, colours[["other"]])
    draw_badge("lifecycle", "experimental", colours[["kith"]])
}

# All --------------------------------------------------------------------------

main <- function() {
    kith_load(option("lib"))
    draw_badges()
    heldout <- read_heldout()
    if (!is.null(heldout)) draw(plot_heldout(heldout), "heldout", 4.2)
    draw(plot_kin_and_kith(score_unseen()), "kin-and-kith", 3.6)
    time <- read_table("time-to-auc")
    if (!is.null(time)) draw(plot_time(time), "time-to-auc", 3.6)
}

main()
