# Reading a file of STRING links of the size of the human one: 13 million lines
# with all channels, written here in the true format (each pair both ways,
# sorted by the first protein).
#
#   Rscript bench/string-read.R [file to keep]

n_proteins <- 19600
n_partners <- 664

# The partners of a protein are the nearest on a ring. All numbers follow from
# the pair, so that both directions agree.
lines_of <- function(i, id) {
    j <- sort((i + c(-(n_partners / 2):-1, 1:(n_partners / 2)) - 1) %%
        n_proteins + 1)
    low <- pmin(i, j)
    high <- pmax(i, j)
    channel <- function(k) (low * 7919 + high * 104729 * k) %% 997
    share <- ((low * 31 + high * 17) %% 1000) / 1000
    paste(
        id[i], id[j], 0, 0, 0, channel(1), channel(2), channel(4), channel(5),
        150 + floor(849 * share^4)
    )
}

write_links <- function(file) {
    id <- sprintf("9606.ENSP%011d", 233 + 17 * seq_len(n_proteins))
    con <- gzfile(file, "wb", compression = 1)
    on.exit(close(con))
    writeLines(paste(
        "protein1 protein2 neighborhood fusion cooccurence coexpression",
        "experimental database textmining combined_score"
    ), con)
    for (i in seq_len(n_proteins)) {
        writeLines(lines_of(i, id), con)
    }
}

# the most memory that this process has held, in GiB (Linux)
peak_gib <- function() {
    told <- grep("^VmHWM", readLines("/proc/self/status"), value = TRUE)
    as.numeric(gsub("[^0-9]", "", told)) / 2^20
}

# "SECONDS GIB REPORT" of one reading
read_once <- function(file, min_score) {
    seconds <- system.time(
        pairs <- kith::read_string(file, min_score = min_score)
    )[["elapsed"]]
    report <- attr(pairs, "report")
    n <- format(report$n, big.mark = ",", trim = TRUE)
    cat(seconds, peak_gib(), paste(n, report$reason, collapse = ", "))
}

arguments <- commandArgs(TRUE)
if (length(arguments) == 2L) {
    read_once(arguments[1], as.numeric(arguments[2]))
    quit()
}

file <- if (length(arguments)) arguments else tempfile(fileext = ".txt.gz")
if (!file.exists(file)) {
    write_links(file)
}
# another process reads, so that the writer's memory does not count
script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
for (min_score in c(0, 700)) {
    line <- system2(
        file.path(R.home("bin"), "Rscript"), c(script, file, min_score),
        stdout = TRUE
    )
    found <- strsplit(line, " ")[[1]]
    cat(sprintf(
        "min_score %d: %s s, %s GiB; %s\n", min_score, found[1], found[2],
        paste(found[-(1:2)], collapse = " ")
    ))
}
cat(sprintf("string_read_seconds: %.1f\n", as.numeric(found[1])))
cat(sprintf("string_read_peak_gib: %.2f\n", as.numeric(found[2])))
if (length(arguments) == 0L) {
    unlink(file)
}
