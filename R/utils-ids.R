# Ids: character names of genes and the like. Each check stops at the first
# value at fault and returns the ids.

# a character vector without missing or empty ids, from factors and whole
# numbers too
check_ids <- function(ids, name = "ids", call = rlang::caller_env()) {
    if (is.factor(ids)) {
        ids <- as.character(ids)
    }
    if (is.numeric(ids) && all(is.na(ids) | ids == round(ids))) {
        # as.character() would write 100000 as 1e+05
        ids <- ifelse(is.na(ids), NA, format(ids, scientific = FALSE,
            trim = TRUE
        ))
    }
    if (!is.character(ids)) {
        abort_input(c(
            "{.arg {name}} must be a character vector.",
            x = "It is {describe_value(ids)}."
        ), call = call)
    }
    check_no_missing_id(ids, name, call = call)
    unname(ids)
}

# rows: are the ids the row names of the argument `name`, or its values?
check_no_missing_id <- function(ids, name, rows = FALSE,
                                call = rlang::caller_env()) {
    lost <- which(is.na(ids) | !nzchar(ids))
    if (length(lost) > 0L) {
        abort_input(c(
            paste(id_holder(rows), "must have no missing or empty ids."),
            x = "{if (rows) 'Row' else 'Element'} {lost[1]} is without, the
            first of {length(lost)}.",
            i = if (!rows && make.names(name) == name) {
                "Leave them out with
                {.code {name}[!is.na({name}) & {name} != \"\"]}."
            }
        ), call = call)
    }
    ids
}

# neither missing nor twice; advice: a way out for ids that come twice, with
# {name} for the argument
check_unique_ids <- function(ids, name, rows = FALSE, advice = NULL,
                             call = rlang::caller_env()) {
    check_no_missing_id(ids, name, rows, call)
    twice <- unique(ids[duplicated(ids)])
    if (length(twice) > 0L) {
        abort_input(c(
            paste(id_holder(rows), "must have each id once."),
            x = "{length(twice)} come{?s/} more than once, the first is
            {.val {twice[1]}}.",
            i = advice
        ), call = call)
    }
    ids
}

# as a message names it
id_holder <- function(rows) {
    if (rows) "The row names of {.arg {name}}" else "{.arg {name}}"
}

# Why ids may not be among the known ones: a text, which a message must take as
# a value, as it holds ids. genes: are they ids of genes, or of samples?
advise_ids <- function(ids, known, genes = TRUE) {
    ways <- list(
        "in upper case: use toupper() on both" = toupper,
        "without version numbers: use sub('[.][0-9]+$', '', ids) on both" =
            function(x) sub("[.][0-9]+$", "", x),
        "without blanks around them: use trimws() on both" = trimws
    )
    fits <- vapply(ways, function(way) {
        any(way(ids) %in% way(known))
    }, logical(1))
    if (any(fits)) {
        return(paste("They match", names(ways)[fits][1L]))
    }
    examples <- utils::head(known, 2L)
    paste0(
        "Ids are compared as they are; known ones are like ",
        paste(dQuote(examples, FALSE), collapse = " and "), ".",
        if (genes) " map_genes() translates one kind into another."
    )
}

# a name without case, blanks and signs
squeeze <- function(x) gsub("[^a-z0-9]", "", tolower(x))

# the known names that contain a word, or those that need the fewest changes
nearest_names <- function(word, known, n = 5L) {
    word <- squeeze(word)
    if (is.na(word) || !nzchar(word)) {
        return(utils::head(known, n))
    }
    within <- known[grepl(word, squeeze(known), fixed = TRUE)]
    if (length(within)) {
        return(utils::head(within, n))
    }
    # to a part of the name, and to the whole
    part <- drop(utils::adist(word, squeeze(known), partial = TRUE))
    whole <- drop(utils::adist(word, squeeze(known)))
    known[order(part, whole)[1L]]
}

# G001, G002, ...: ids of simulated things
numbered_ids <- function(letter, n) {
    sprintf(paste0(letter, "%0", max(3L, nchar(n)), "d"), seq_len(n))
}
