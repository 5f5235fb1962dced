# Random tables, written by base R, data.table and Python's csv in all their
# ways to quote, are read back equal or refused.
#
#     R_LIBS=LIB Rscript tools/fuzz-tables.R [files] [seed]
#
# Default: 2,000 files, seed 1. Says how many were read, how many refused and
# why; exit status 1 if one was read wrong. KITH_PYTHON: the Python (python3).

suppressPackageStartupMessages(library(kith))

arguments <- commandArgs(TRUE)
n_files <- if (length(arguments) > 0L) as.integer(arguments[1L]) else 2000L
set.seed(if (length(arguments) > 1L) as.integer(arguments[2L]) else 1L)
python <- Sys.getenv("KITH_PYTHON", "python3")

# text with all that may come between and within fields
odd_text <- function(n, simple) {
    parts <- c(
        letters, LETTERS, 0:9, " ", "-", "_", ".",
        if (!simple) {
            c(
                "\"", "\"", "'", ",", "\t", ";", "#", "\\", "|", "\u00e4",
                "\u03b1", "(", ")", "%", "{", "}", "<"
            )
        }
    )
    vapply(seq_len(n), function(i) {
        inner <- paste(sample(parts, sample(0:8, 1L), TRUE), collapse = "")
        paste0("g", inner, i)
    }, "")
}

random_table <- function() {
    n <- sample(c(1:5, 20L), 1L)
    simple <- sample(c(TRUE, FALSE), 1L)
    data.frame(
        id = odd_text(n, simple), note = odd_text(n, simple),
        s1 = round(stats::rnorm(n), 4), s2 = sample(1000, n),
        s3 = signif(stats::rnorm(n) * 10^sample(-9:9, n, TRUE), 6)
    )
}

writers <- list(
    base = function(x, file, sep) {
        utils::write.table(x, file,
            sep = sep, row.names = FALSE,
            quote = sample(list(TRUE, 1:2), 1L)[[1L]],
            qmethod = sample(c("double", "escape"), 1L),
            eol = sample(c("\n", "\r\n"), 1L), fileEncoding = "UTF-8"
        )
    },
    data.table = function(x, file, sep) {
        data.table::fwrite(x, file,
            sep = sep, quote = sample(list(TRUE, "auto"), 1L)[[1L]],
            qmethod = sample(c("double", "escape"), 1L),
            eol = sample(c("\n", "\r\n"), 1L), bom = sample(0:1, 1L) == 1L
        )
    }
)

# Python's part is written in one go, as JSON: rows, file and settings
python_script <- "
import csv, json, sys
for task in json.load(open(sys.argv[1], encoding='utf-8')):
    with open(task['file'], 'w', newline='', encoding='utf-8') as out:
        how = dict(delimiter=task['sep'],
                   quoting=getattr(csv, task['quoting']),
                   lineterminator=task['eol'])
        if task['escape']:
            how.update(escapechar='\\\\', doublequote=False)
        csv.writer(out, **how).writerows(task['rows'])
"

python_task <- function(x, file, sep) {
    rows <- c(
        list(names(x)), lapply(seq_len(nrow(x)), function(i) {
            list(x$id[i], x$note[i], x$s1[i], x$s2[i], x$s3[i])
        })
    )
    list(
        file = file, sep = sep, rows = rows,
        quoting = paste0(
            "QUOTE_", sample(c("MINIMAL", "ALL", "NONNUMERIC"), 1L)
        ),
        eol = sample(c("\n", "\r\n"), 1L), escape = sample(c(TRUE, FALSE), 1L)
    )
}

folder <- tempfile("tables-")
dir.create(folder)
tasks <- list()
cases <- lapply(seq_len(n_files), function(i) {
    x <- random_table()
    file <- file.path(folder, paste0(i, ".txt"))
    sep <- sample(c("\t", ",", ";"), 1L)
    writer <- sample(c("base", "data.table", "python"), 1L)
    if (writer == "python") {
        tasks[[length(tasks) + 1L]] <<- python_task(x, file, sep)
    } else {
        writers[[writer]](x, file, sep)
    }
    list(x = x, file = file, sep = sep, writer = writer)
})
script <- file.path(folder, "write.py")
listed <- file.path(folder, "tasks.json")
writeLines(python_script, script)
writeLines(
    jsonlite::toJSON(tasks, auto_unbox = TRUE, digits = NA), listed,
    useBytes = TRUE
)
if (system2(python, c(shQuote(script), shQuote(listed))) != 0L) {
    stop("Python could not write its files")
}

is_same <- function(found, x) {
    # what stands for a missing id and blanks at both ends are no part of an id
    identical(attr(found, "gene"), trimws(x$id)) &&
        identical(nrow(found), nrow(x)) &&
        isTRUE(all.equal(unname(found[, 1]), x$s1, tolerance = 1e-14)) &&
        identical(unname(found[, 2]), as.numeric(x$s2)) &&
        isTRUE(all.equal(unname(found[, 3]), x$s3, tolerance = 1e-14))
}

result <- vapply(cases, function(case) {
    found <- tryCatch(
        suppressMessages(read_profiles(
            case$file, "id", "rows", "name", "keep",
            header = TRUE
        )),
        kith_error_input = function(e) {
            trimws(sub("^[^\n]*\n", "", conditionMessage(e)))
        },
        error = function(e) paste("NO CLASS:", conditionMessage(e))
    )
    if (is.character(found)) {
        if (startsWith(found, "NO CLASS")) "wrong" else "refused"
    } else if (is_same(found, case$x)) {
        "equal"
    } else {
        "wrong"
    }
}, "")

print(table(writer = vapply(cases, `[[`, "", "writer"), result))
wrong <- which(result == "wrong")
for (i in utils::head(wrong, 3L)) {
    cat("\nread wrong, written by", cases[[i]]$writer, "with separator",
        deparse(cases[[i]]$sep), ":\n")
    cat(readLines(cases[[i]]$file), sep = "\n")
}
quit(status = as.integer(length(wrong) > 0L))
