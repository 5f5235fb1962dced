# Small h5ad files, written part by part with rhdf5 in the layouts that AnnData
# has had. x: obs x var, a plain matrix with dimnames.

write_h5ad <- function(x, file, encoding = c("dense", "csr", "csc"),
                       layout = c("new", "0.7", "old"), obs = list()) {
    encoding <- match.arg(encoding)
    layout <- match.arg(layout)
    rhdf5::h5createFile(file)
    # as Python writes it, and as R sees it: the other way round
    if (encoding == "dense") {
        rhdf5::h5write(unname(t(x)), file, "X")
    } else {
        write_h5ad_sparse(x, file, encoding, layout)
    }
    write_h5ad_frame(file, "obs", rownames(x), obs, layout)
    write_h5ad_frame(file, "var", colnames(x), list(), layout)
    file
}

write_h5ad_sparse <- function(x, file, encoding, layout) {
    by_row <- encoding == "csr"
    lines <- if (by_row) x else t(x)
    rhdf5::h5createGroup(file, "X")
    indices <- apply(lines != 0, 1, which, simplify = FALSE)
    rhdf5::h5write(t(lines)[t(lines) != 0], file, "X/data")
    rhdf5::h5write(as.integer(unlist(indices)) - 1L, file, "X/indices")
    rhdf5::h5write(
        as.integer(cumsum(c(0, lengths(indices)))), file, "X/indptr"
    )
    if (layout == "old") {
        h5_attributes(file, "X",
            h5sparse_format = encoding, h5sparse_shape = dim(x)
        )
    } else {
        h5_attributes(file, "X",
            "encoding-type" = paste0(encoding, "_matrix"), shape = dim(x)
        )
    }
}

# columns: vectors; factors become categories
write_h5ad_frame <- function(file, axis, index, columns, layout) {
    if (layout == "old") {
        for (name in names(Filter(is.factor, columns))) {
            if (!rhdf5::H5Lexists(h5 <- rhdf5::H5Fopen(file), "uns")) {
                rhdf5::h5createGroup(h5, "uns")
            }
            rhdf5::H5Fclose(h5)
            path <- paste0("uns/", name, "_categories")
            rhdf5::h5write(levels(columns[[name]]), file, path)
            columns[[name]] <- as.integer(columns[[name]]) - 1L
        }
        table <- as.data.frame(c(list(index = index), columns))
        rhdf5::h5write(table, file, axis)
        return(invisible())
    }
    rhdf5::h5createGroup(file, axis)
    rhdf5::h5write(index, file, paste0(axis, "/gene_transcript"))
    h5_attributes(file, axis, "_index" = "gene_transcript")
    for (name in names(columns)) {
        write_h5ad_column(file, axis, name, columns[[name]], layout)
    }
}

write_h5ad_column <- function(file, axis, name, column, layout) {
    path <- paste(axis, name, sep = "/")
    if (!is.factor(column)) {
        rhdf5::h5write(column, file, path)
        return(invisible())
    }
    codes <- as.integer(column) - 1L
    codes[is.na(codes)] <- -1L
    if (layout == "new") {
        rhdf5::h5createGroup(file, path)
        rhdf5::h5write(codes, file, paste0(path, "/codes"))
        rhdf5::h5write(levels(column), file, paste0(path, "/categories"))
    } else {
        rhdf5::h5write(codes, file, path)
        rhdf5::h5createGroup(file, paste0(axis, "/__categories"))
        rhdf5::h5write(
            levels(column), file, paste(axis, "__categories", name, sep = "/")
        )
    }
}

h5_attributes <- function(file, path, ...) {
    h5 <- rhdf5::H5Fopen(file)
    object <- rhdf5::H5Oopen(h5, path)
    values <- list(...)
    for (name in names(values)) {
        rhdf5::h5writeAttribute(values[[name]], object, name,
            asScalar = is.character(values[[name]])
        )
    }
    rhdf5::H5Oclose(object)
    rhdf5::H5Fclose(h5)
}
