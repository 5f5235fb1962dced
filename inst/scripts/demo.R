# The main job of kith on data that need no download.
#
#     Rscript demo.R [simulated|golub|ecoli] [--out FOLDER]
#
# Without a name: the simulated organism, then real genes (golub). `ecoli`
# reads files from the folder genes/ where KITH_DATA points. Figures are
# written to FOLDER (default: figures).

suppressPackageStartupMessages(library(kith))
set.seed(1)

say <- function(...) {
    cat(strwrap(paste0(...), width = 78), sep = "\n")
}

section <- function(...) {
    title <- paste0(...)
    cat("\n", title, "\n", strrep("-", nchar(title)), "\n", sep = "")
}

# ---- the data sets ----------------------------------------------------------
# Each is list(title, vectors, pairs, about: a named vector of descriptions,
# test_genes: genes to hold out, or NULL to draw them).

simulated_set <- function() {
    organism <- simulate_network()
    print(organism)
    genes <- organism$genes
    complexes <- unique(stats::na.omit(genes$complex))
    held <- sample(complexes, round(0.3 * length(complexes)))
    in_pairs <- unique(c(organism$pairs$from, organism$pairs$to))
    test_genes <- intersect(genes$gene[genes$complex %in% held], in_pairs)
    say(
        "Held out below: ", length(held), " of ", length(complexes),
        " complexes with all their genes (", length(test_genes), ")."
    )
    about <- ifelse(is.na(genes$complex), "no complex",
        paste0("complex ", genes$complex, ", role ", genes$role)
    )
    list(
        title = "A simulated organism with a known truth",
        vectors = as_embedding(organism$vectors),
        pairs = gene_pairs(organism$pairs),
        about = stats::setNames(about, genes$gene),
        test_genes = test_genes, organism = organism
    )
}

need <- function(packages) {
    there <- vapply(packages, requireNamespace, logical(1), quietly = TRUE)
    if (!all(there)) {
        missing <- paste0("\"", packages[!there], "\"", collapse = ", ")
        stop(
            "this part needs: BiocManager::install(c(", missing, "))",
            call. = FALSE
        )
    }
}

golub_set <- function() {
    need(c("multtest", "AnnotationDbi", "org.Hs.eg.db", "GO.db"))
    data <- new.env()
    utils::data("golub", package = "multtest", envir = data)
    expression <- data$golub
    probes <- sub("_.*$", "", data$golub.gnames[, 3])
    say(
        "Expression: ", nrow(expression), " probes x ", ncol(expression),
        " leukaemia samples (Golub et al. 1999, package multtest)."
    )
    human <- org.Hs.eg.db::org.Hs.eg.db
    map <- suppressMessages(
        map_genes(unique(probes), "ACCNUM", "SYMBOL", human)
    )
    print(attr(map, "report"), row.names = FALSE)
    expression <- expression[!duplicated(probes), ]
    rownames(expression) <- unique(probes)
    expression <- rename_genes(expression, map)
    say(nrow(expression), " gene symbols remain.")
    pairs <- complex_pairs(rownames(expression), human)
    names <- suppressMessages(AnnotationDbi::mapIds(
        human, rownames(expression), "GENENAME", "SYMBOL"
    ))
    list(
        title = "Real genes: leukaemia expression and protein complexes",
        vectors = as_embedding(expression, pca = 20), pairs = pairs,
        about = names, test_genes = NULL
    )
}

# pairs of genes annotated, not only electronically, to one protein complex
# with 2 to 40 members among the genes
complex_pairs <- function(symbols, human) {
    offspring <- AnnotationDbi::mget("GO:0032991", GO.db::GOCCOFFSPRING)[[1]]
    table <- suppressMessages(AnnotationDbi::select(
        human, symbols, c("GO", "EVIDENCE"), "SYMBOL"
    ))
    kept <- table$GO %in% offspring & table$EVIDENCE != "IEA"
    table <- unique(table[kept, c("SYMBOL", "GO")])
    members <- split(table$SYMBOL, table$GO)
    members <- members[lengths(members) >= 2 & lengths(members) <= 40]
    two <- do.call(rbind, lapply(members, function(genes) {
        t(utils::combn(sort(genes), 2))
    }))
    pairs <- gene_pairs(two)
    say(
        "Pairs: genes in one of ", length(members), " protein complexes (GO, ",
        "2 to 40 members, without evidence IEA)."
    )
    pairs
}

ecoli_set <- function() {
    folder <- file.path(Sys.getenv("KITH_DATA"), "genes")
    files <- file.path(folder, c(
        "ecoli_precise1k_ica40_pca40.tsv.gz",
        "ecoli_string_physical_v12_ge400.csv.gz", "ecoli_gene_info.tsv.gz"
    ))
    if (!all(file.exists(files))) {
        stop(
            "set KITH_DATA to the folder whose genes/ holds ",
            toString(basename(files)), "; not found: ",
            files[!file.exists(files)][1],
            call. = FALSE
        )
    }
    table <- utils::read.delim(files[1])
    vectors <- as.matrix(table[, grep("^PC", names(table))])
    rownames(vectors) <- table$locus_tag
    links <- utils::read.csv(files[2])
    links <- links[links$combined_score >= 700, ]
    known <- links$locus1 %in% table$locus_tag &
        links$locus2 %in% table$locus_tag
    say(
        "STRING v12 physical links of score >= 700: ", nrow(links), ", of ",
        "which ", sum(!known), " are lost for want of an expression vector."
    )
    info <- utils::read.delim(files[3], quote = "")
    product <- vapply(info$gene_product, utils::URLdecode, character(1))
    about <- paste0(info$gene_name, ": ", product)
    list(
        title = "E. coli: expression (PRECISE-1K) and STRING physical links",
        vectors = as_embedding(vectors),
        pairs = gene_pairs(links[known, ],
            from = "locus1", to = "locus2", score = "combined_score"
        ),
        about = stats::setNames(about, info$locus_tag), test_genes = NULL
    )
}

# ---- the job ----------------------------------------------------------------

# smaller than the default: the demo has two minutes on two cores
train_on <- function(set, pairs, what) {
    seconds <- system.time(
        fit <- learn_associations(set$vectors, pairs,
            encoder_mlp(
                c(256, 256),
                dropout = 0.3, blend = FALSE, n_out = 64
            ),
            control = train_control(seed = 1), members = 1
        )
    )[["elapsed"]]
    row <- glance(fit)
    cat(sprintf(
        "%-22s %5d pairs %5.1f s  %d epochs, loss %.2f\n", what, row$pairs,
        seconds, row$epochs, row$loss
    ))
    fit
}

held_out_table <- function(set, by_edge, by_gene, edge_fit, gene_fit) {
    of_edges <- evaluate(edge_fit, by_edge)
    # the few genes that lost all their pairs are the gene split's business
    of_edges <- of_edges[of_edges$setting == "edge held out", ]
    of_genes <- evaluate(gene_fit, by_gene)
    if (!is.null(set$test_genes)) {
        # pairs into a complex that is held out whole are spurious ones
        of_genes <- of_genes[of_genes$setting != "one gene unseen", ]
        say(
            "Pairs with one gene unseen are left out here: with whole ",
            "complexes held out they are the spurious pairs alone."
        )
    }
    whole <- evaluate(edge_fit, draws = 200)
    table <- rbind(of_edges, of_genes, whole)
    attr(table, "options") <- attr(of_edges, "options")
    table
}

tell_verdicts <- function(table) {
    told <- summary(table)
    told <- told[told$setting != "transductive", ]
    cat(sprintf(
        "%s, %s pairs: kith %.3f, best baseline %s %.3f: %s\n",
        told$setting, told$subset, told$kith, told$best_baseline,
        told$baseline_auc,
        ifelse(told$verdict == "above", "kith is better", ifelse(
            told$verdict == "below", "kith is NOT better, the baseline is",
            "not told apart"
        ))
    ), sep = "")
}

# the best pairs that are not known, each once
candidates <- function(fit, n) {
    found <- partners(fit, n = n)
    found <- found[order(-found$score), ]
    swapped <- paste(found$partner, found$gene) # the same pair, other way
    first <- match(swapped, paste(found$gene, found$partner))
    found[is.na(first) | seq_len(nrow(found)) < first, ]
}

tell_candidates <- function(found, set) {
    best <- utils::head(found[abs(found$cosine) < 0.2, ], 10)
    short <- function(genes) {
        text <- paste0(genes, " (", set$about[genes], ")")
        ifelse(nchar(text) > 62, paste0(substr(text, 1, 59), "..."), text)
    }
    cat(sprintf(
        "%2d. probability %.2f, cosine %5.2f  %s\n%33s %s\n",
        seq_len(nrow(best)), best$probability, best$cosine, short(best$gene),
        "with",
        short(best$partner)
    ), sep = "")
}

# of the best candidates, how many are planted missing pairs or of one complex
tell_truth <- function(found, set) {
    truth <- set$organism$truth
    genes <- set$organism$genes
    missing <- truth[truth$status == "missing", ]
    key <- function(a, b) paste(pmin(a, b), pmax(a, b))
    planted <- key(found$gene, found$partner) %in% key(missing$from, missing$to)
    complex <- stats::setNames(genes$complex, genes$gene)
    together <- complex[found$gene] == complex[found$partner]
    together[is.na(together)] <- FALSE
    n_open <- choose(nrow(genes), 2) - nrow(set$pairs)
    top <- seq_len(100)
    say(
        "Of the 100 best candidates ", sum(together[top]), " are in one ",
        "complex and ", sum(planted[top]), " are pairs that the simulation ",
        "had hidden; by chance ", sprintf("%.2f", 100 * nrow(missing) / n_open),
        " of 100 would be hidden ones."
    )
}

write_figures <- function(set, name, fit, table, test, folder) {
    figures <- list(
        "held-out" = ggplot2::autoplot(table),
        "kin-and-kith" = ggplot2::autoplot(fit, "pairs", pairs = test),
        "training" = ggplot2::autoplot(fit)
    )
    dir.create(folder, showWarnings = FALSE, recursive = TRUE)
    for (figure in names(figures)) {
        file <- file.path(folder, paste0(name, "-", figure, ".png"))
        ggplot2::ggsave(file, figures[[figure]],
            width = 8, height = if (figure == "held-out") 8 else 5, dpi = 150
        )
        cat(normalizePath(file), "\n")
    }
}

run <- function(name, folder) {
    read <- list(
        simulated = simulated_set, golub = golub_set, ecoli = ecoli_set
    )[[name]]
    section("What goes in: ", name)
    set <- read()
    cat(strrep("=", 78), "\n", set$title, "\n", strrep("=", 78), "\n", sep = "")
    print(set$pairs)
    section("Before training: what the data say")
    print(diagnose(set$vectors, set$pairs))
    section("Training (with folds of genes that teach how to combine scores)")
    by_edge <- split_pairs(set$pairs, "edge")
    by_gene <- if (is.null(set$test_genes)) {
        split_pairs(set$pairs, "gene")
    } else {
        split_pairs(set$pairs, "gene", test_genes = set$test_genes)
    }
    edge_fit <- train_on(set, by_edge$train, "edge split (70 %)")
    gene_fit <- train_on(set, by_gene$train, "gene split (70 %)")
    whole_fit <- train_on(set, set$pairs, "all pairs")
    section("Held-out pairs: model and baselines")
    table <- held_out_table(set, by_edge, by_gene, edge_fit, gene_fit)
    print(table)
    cat("\n")
    tell_verdicts(table)
    section("The ten best new partner candidates (fit on all pairs)")
    say("Of pairs that do not look alike (cosine within 0.2 of 0).")
    found <- candidates(whole_fit, 20)
    tell_candidates(found, set)
    if (!is.null(set$organism)) tell_truth(found, set)
    section("Figures")
    both <- by_gene$test[by_gene$test$unseen == "both", c("from", "to")]
    write_figures(set, name, gene_fit, table, both, folder)
}

arguments <- commandArgs(trailingOnly = TRUE)
at_out <- match("--out", arguments)
folder <- if (is.na(at_out)) "figures" else arguments[at_out + 1]
names <- setdiff(arguments, c("--out", folder))
known <- c("simulated", "golub", "ecoli")
if (!all(names %in% known)) {
    stop(
        "there is no data set \"", setdiff(names, known)[1],
        "\"; take simulated, golub or ecoli",
        call. = FALSE
    )
}
for (name in if (length(names) > 0) names else known[1:2]) run(name, folder)
