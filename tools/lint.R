# Lints the package by .lintr; the exit status is 1 if there is a lint.

folders <- Filter(dir.exists, c("R", "tests", "inst", "tools", "bench"))
files <- list.files(folders, "[.][Rr]$", recursive = TRUE, full.names = TRUE)
n_lints <- 0L
for (file in files) {
    lints <- lintr::lint(file)
    if (length(lints)) print(lints)
    n_lints <- n_lints + length(lints)
}
cat(n_lints, "lints in", length(files), "files\n")
quit(status = as.integer(n_lints > 0L))
