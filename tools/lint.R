# Lints the package by .lintr; the exit status is 1 if there is a lint.

# The names of S3 methods are made of two names: those of methods that NAMESPACE
# registers, and of methods of generics that the package keeps to itself.
registered <- parseNamespaceFile(basename(getwd()), dirname(getwd()))$S3methods
methods <- paste(registered[, 1], registered[, 2], sep = ".")
code <- unlist(lapply(list.files("R", full.names = TRUE), readLines))
generics <- unlist(regmatches(
    code, gregexpr("(?<=UseMethod\\(\")[a-z_]+", code, perl = TRUE)
))
names_method <- function(lint) {
    name <- trimws(sub("<-.*", "", lint$line))
    lint$linter %in% c("object_name_linter", "object_length_linter") &&
        (name %in% methods || any(startsWith(name, paste0(generics, "."))))
}

folders <- Filter(dir.exists, c("R", "tests", "inst", "tools", "bench"))
files <- list.files(folders, "[.][Rr]$", recursive = TRUE, full.names = TRUE)
lints <- lapply(files, lintr::lint)
lints <- lapply(lints, function(found) Filter(Negate(names_method), found))
for (lint in unlist(lints, recursive = FALSE)) {
    cat(sprintf(
        "%s:%d: %s [%s]\n    %s\n", lint$filename, lint$line_number,
        lint$message, lint$linter, lint$line
    ))
}

# A name that two files define is what the later one says, in silence.
defined_in <- function(file) {
    of <- function(x) {
        if (is.call(x) && identical(x[[1L]], quote(`<-`)) && is.name(x[[2L]])) {
            as.character(x[[2L]])
        }
    }
    unlist(lapply(parse(file), of))
}
defined <- unlist(lapply(list.files("R", full.names = TRUE), defined_in))
twice <- unique(defined[duplicated(defined)])
for (name in twice) cat("R/:", name, "is defined twice\n")

n_lints <- sum(lengths(lints)) + length(twice)
cat(n_lints, "lints in", length(files), "files\n")
quit(status = as.integer(n_lints > 0L))
