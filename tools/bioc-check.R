# BiocCheck of a tarball; the exit status is 1 if it finds an ERROR. Checks
# that ask the network (name, mailing list, newest versions) are left out.

Sys.setenv(`_R_CHECK_FORCE_SUGGESTS_` = "false")
options(BIOCONDUCTOR_ONLINE_VERSION_DIAGNOSIS = FALSE)
found <- BiocCheck::BiocCheck(
    commandArgs(TRUE)[1],
    `no-check-CRAN` = TRUE, `no-check-bioc-help` = TRUE,
    `no-check-bioc-views` = TRUE, `no-check-deprecated` = TRUE,
    `no-check-remotes` = TRUE, `no-check-version-num` = FALSE
)
n_errors <- length(found$error)
cat("BiocCheck:", n_errors, "errors,", length(found$warning), "warnings,",
    length(found$note), "notes\n")
quit(status = as.integer(n_errors > 0L))
