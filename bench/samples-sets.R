# Public expression sets, as the benchmarks of learn_samples() read them.
# Sourced after common.R.

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
    },
    stage = function() {
        set <- paired()
        late <- grepl("^Stage (III|IV)", set$samples$ajcc_stage)
        known <- grepl("^Stage [IV]", set$samples$ajcc_stage)
        task(set, ifelse(late, "late", "early"),
            kept = known & set$samples$state == "tumour"
        )
    },
    # tumour or normal tissue, of a type that was not seen: a fold for each
    new_type = function() {
        set <- paired()
        c(task(set, set$samples$state, set$samples$project), folds = 11L)
    }
)
