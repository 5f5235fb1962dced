# What does not name genes, though it stands where genes are named: marks of
# missing values, row numbers, dates, samples. Used by all readers.

# how tools write that there is no name
missing_marks <- c(
    "NA", "N/A", "#N/A", "nan", "NaN", "null", "None", "-", "--", "---", ".",
    "(Unknown)", "Unknown"
)

# ids -> NA where one stands for nothing
drop_missing_marks <- function(ids) {
    ids[ids %in% c(missing_marks, "")] <- NA
    ids
}

# Numbers that grow by one or little, as a filter leaves row numbers; not, as
# sorted Entrez ids, by much.
look_like_row_numbers <- function(ids) {
    ids <- ids[!is.na(ids)]
    if (length(ids) < 2L || !all(grepl("^[0-9]+$", ids))) {
        return(FALSE)
    }
    number <- as.numeric(ids)
    all(diff(number) > 0) && number[1L] < 100 &&
        number[length(number)] < 20 * length(number)
}

# gene names that a spreadsheet took for dates: 1-Mar, Sep-02, 2002/09/02
look_like_dates <- function(ids) {
    month <- "(jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)"
    forms <- c(
        paste0("[0-9]{1,2}-", month, "(-[0-9]{2,4})?"),
        paste0(month, "-[0-9]{1,4}"),
        "[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}( 00:00:00)?",
        "[0-9]{1,2}[/][0-9]{1,2}[/]([0-9]{2}|[0-9]{4})"
    )
    grepl(paste0("^(", paste(forms, collapse = "|"), ")$"), ids, TRUE)
}

# barcodes of cells, and ids of the large collections of samples
look_like_samples <- function(ids) {
    ids <- ids[!is.na(ids)]
    forms <- c(
        "[ACGT]{10,}(-[0-9]+)?", ".*[_:][ACGT]{14,}(-[0-9]+)?", "ACH-[0-9]{6}",
        "TCGA-[A-Z0-9]{2}-[A-Z0-9]{4}.*", "GTEX-[A-Z0-9]+-.*", "GSM[0-9]+",
        "[SED]R[RXS][0-9]{5,}", "SAM(N|EA|D)[0-9]+", "SID[MGC][0-9]+"
    )
    length(ids) > 0L &&
        mostly(grepl(paste0("^(", paste(forms, collapse = "|"), ")$"), ids))
}

check_no_row_numbers <- function(ids, source, others, call) {
    if (look_like_row_numbers(ids)) {
        abort_input(c(
            "{.arg file} must have gene ids.",
            x = "{source} has {.val {utils::head(ids, 3)}}, which look like
            numbers of rows.",
            i = if (length(others)) {
                "Choose a column with {.arg gene_id}; others are
                {.field {utils::head(others, 5)}}."
            },
            i = "If they are ids, give {.arg gene_id} to say so."
        ), call = call)
    }
}
