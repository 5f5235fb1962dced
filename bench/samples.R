# Labels from few labelled samples on public expression: kith against logistic
# regression, PCA with it, nearest centroid, shrunken LDA and random forest.
# Five folds that keep patients together, stratified by class, five draws of
# labels in each; everything is fitted on training samples.
#
#   KITH_DATA=DIR Rscript bench/samples.R [--sets=A,B] [--folder=DIR]
#       [--folds=5] [--draws=5] [--workers=1] [--transductive] [--tables=DIR]
#
# Settings of the default were chosen while type, gtex26, site, pam50_rnaseq and
# pam50_array were looked at; type_state, normal, rare6, lung and er were not.
# Finished folds are kept in the folder (./samples-folds), so that a stopped
# benchmark goes on. --tables: writes samples.csv.

source(file.path(
    dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))),
    "common.R"
))

# ---- sets --------------------------------------------------------------------

# list(x, samples): expression, samples in rows, and the table of the samples
read_expression <- function(name) {
    manifest <- utils::read.delim(data_file("expression", "MANIFEST.tsv"))
    file <- xzfile(
        data_file("expression", paste0(name, "_expr.tsv.xz")), "r"
    )
    on.exit(close(file))
    header <- scan(file, "", nlines = 1, sep = "\t", quiet = TRUE)
    columns <- scan(file,
        c(list(""), rep(list(0L), length(header) - 1L)),
        sep = "\t", quote = "", quiet = TRUE
    )
    x <- do.call(cbind, columns[-1L])
    x <- x / manifest$divide_by[manifest$name == name]
    dimnames(x) <- list(columns[[1L]], header[-1L])
    samples <- utils::read.delim(
        data_file("expression", paste0(name, "_samples.tsv")),
        na.strings = "", quote = ""
    )
    stopifnot(identical(as.character(samples$sample), rownames(x)))
    list(x = x, samples = samples)
}

# rows with a class of at least ten samples; the others are left out
task <- function(set, class, group = set$samples$patient,
                 kept = rep(TRUE, nrow(set$x))) {
    class <- ifelse(kept, class, NA)
    sizes <- table(class)
    class[!class %in% names(sizes)[sizes >= 10]] <- NA
    rows <- !is.na(class)
    list(
        x = set$x[rows, ], y = as.character(class[rows]),
        groups = if (!is.null(group)) group[rows]
    )
}

paired <- function() read_expression("tcga_paired11")
is_subtype <- function(pam50) !is.na(pam50) & pam50 != "Normal"
subtypes <- function(name) {
    set <- read_expression(name)
    task(set, set$samples$pam50, kept = is_subtype(set$samples$pam50))
}

sets <- list(
    type = function() {
        set <- paired()
        task(set, set$samples$project, kept = set$samples$state == "tumour")
    },
    gtex26 = function() {
        set <- read_expression("gtex26")
        task(set, set$samples$tissue)
    },
    site = function() {
        set <- read_expression("ccle500")
        task(set, set$samples$site)
    },
    pam50_rnaseq = function() subtypes("tcga_brca887"),
    pam50_array = function() subtypes("tcga_brca_agilent592"),
    type_state = function() {
        set <- paired()
        task(set, paste(set$samples$project, set$samples$state))
    },
    normal = function() {
        set <- paired()
        task(set, set$samples$project, kept = set$samples$state == "normal")
    },
    rare6 = function() {
        set <- read_expression("tcga_rare6")
        task(set, set$samples$project, kept = set$samples$state == "tumour")
    },
    lung = function() {
        set <- paired()
        task(set, set$samples$project,
            kept = set$samples$state == "tumour" &
                set$samples$project %in% c("LUAD", "LUSC")
        )
    },
    er = function() {
        set <- read_expression("tcga_brca887")
        task(set, set$samples$er, kept = set$samples$state == "tumour")
    }
)

# ---- run ---------------------------------------------------------------------

kith_load(option("lib"))
folder <- option("folder", "samples-folds")
chosen <- option("sets", paste(names(sets), collapse = ","))
chosen <- match.arg(strsplit(chosen, ",")[[1L]], names(sets), TRUE)
n_workers <- as.integer(option("workers", "1"))
workers <- if (n_workers > 1L) {
    BiocParallel::MulticoreParam(n_workers)
} else {
    BiocParallel::SerialParam()
}
dir.create(folder, showWarnings = FALSE)

run_set <- function(name) {
    set <- sets[[name]]()
    cat(name, ": ", nrow(set$x), " samples x ", ncol(set$x), " genes, ",
        length(unique(set$y)), " classes\n",
        sep = ""
    )
    result <- benchmark_samples(set$x, set$y,
        groups = set$groups, transform = "none",
        folds = as.integer(option("folds", "5")),
        draws = as.integer(option("draws", "5")),
        transductive = flag("transductive"),
        control = train_control(
            seed = 1, threads = if (n_workers > 1L) 1L else NULL,
            verbose = FALSE
        ),
        folder = folder, BPPARAM = workers
    )
    table <- do.call(rbind, lapply(
        c("balanced", "accuracy", "macro_f1"),
        function(measure) {
            cbind(measure = measure, summary(result, measure = measure))
        }
    ))
    rows <- table[table$measure == "balanced", ]
    print(round(xtabs(mean ~ method + labels, rows), 3))
    cbind(set = name, table)
}

tables <- do.call(rbind, lapply(chosen, run_set))
write_table(tables, "samples")

# ---- last lines --------------------------------------------------------------

balanced <- tables[tables$measure == "balanced", ]
for (name in chosen) {
    for (k in unique(balanced$labels)) {
        rows <- balanced[balanced$set == name & balanced$labels == k, ]
        shown <- if (is.finite(k)) paste0("_", k, "shot") else ""
        arms <- gsub("[^a-z0-9]+", "_", tolower(rows$method))
        lines <- stats::setNames(as.list(rows$mean), paste0(
            name, shown, "_", arms, if (!is.finite(k)) "_balanced"
        ))
        best <- rows[-1L, ][which.max(rows$mean[-1L]), ]
        lines[[paste0(name, shown, "_margin")]] <- best$margin
        lines[[paste0(name, shown, "_margin_se")]] <- best$margin_se
        print_results(lines, 3L)
    }
}
