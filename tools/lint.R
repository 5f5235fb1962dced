# Lints the package by .lintr; the exit status is 1 if there is a lint.

# The names of S3 methods end in a class that others have named (graphNEL),
# so the rule for names is not for methods that NAMESPACE registers.
registered <- parseNamespaceFile(basename(getwd()), dirname(getwd()))$S3methods
methods <- paste(registered[, 1], registered[, 2], sep = ".")
names_method <- function(lint) {
    lint$linter == "object_name_linter" &&
        trimws(sub("<-.*", "", lint$line)) %in% methods
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
n_lints <- sum(lengths(lints))
cat(n_lints, "lints in", length(files), "files\n")
quit(status = as.integer(n_lints > 0L))
