# h5ad files: the matrix X, and the names of its rows (obs) and columns (var).

# What was read, see read-profiles-table.R. A file that is damaged or made up is
# found out by HDF5, by R or not at all, so sizes and types are looked at before
# anything large is read, and every failure is one of the file.
read_h5ad <- function(file, gene_id, genes_in, delayed, call) {
    tryCatch(
        read_h5ad_parts(file, gene_id, genes_in, delayed, call),
        error = function(e) {
            if (inherits(e, "kith_error")) stop(e)
            abort_h5ad(file, conditionMessage(e), call)
        }
    )
}

abort_h5ad <- function(file, why, call) {
    abort_input(c(
        "{.file {file}} could not be read as an h5ad file.",
        x = "{why}",
        i = "It may be cut off or damaged: get it again."
    ), call = call)
}

read_h5ad_parts <- function(file, gene_id, genes_in, delayed, call) {
    tree <- h5ad_tree(file, call)
    check_h5ad_sizes(file, tree, call)
    x <- h5ad_matrix(file, tree, call)
    # also what are bytes in the file
    if (DelayedArray::type(x) != "double") {
        DelayedArray::type(x) <- "double"
    }
    axes <- h5ad_axes(file, tree, gene_id, genes_in, call)
    # HDF5 stores rows first, R columns first
    if (axes$genes == "obs") x <- t(x)
    features <- h5ad_column(file, tree, axes$features, NULL, FALSE, call)
    check_h5ad_length(axes$ids, nrow(x), axes$genes, file, call)
    check_h5ad_length(features, ncol(x), axes$features, file, call)
    if (!delayed) {
        x <- as.matrix(x)
    }
    others <- setdiff(children(tree$path, paste0("/", axes$genes)), c(
        "_index", "__categories"
    ))
    list(
        x = x, ids = axes$ids, features = features,
        source = paste0(gene_id %||% "index", " of ", axes$genes),
        chosen = !is.null(gene_id), ignored = others, notes = axes$note
    )
}

# Which of obs and var are the genes, and their ids: obs, where nothing is said
# and its index does not name cells or samples.
h5ad_axes <- function(file, tree, gene_id, genes_in, call) {
    genes <- if (identical(genes_in, "columns")) "var" else "obs"
    ids <- h5ad_column(file, tree, genes, gene_id, TRUE, call)
    note <- NULL
    if (is.null(genes_in) && is.null(gene_id) && look_like_samples(ids)) {
        var <- h5ad_column(file, tree, "var", NULL, FALSE, call)
        if (!look_like_samples(var)) {
            note <- paste0(
                "genes in var, as obs holds cells or samples (", ids[1L], ")"
            )
            genes <- "var"
            ids <- var
        }
    }
    list(
        genes = genes, features = setdiff(c("obs", "var"), genes), ids = ids,
        note = note
    )
}

# everything in the file: a data frame of path, class of its values, size
h5ad_tree <- function(file, call) {
    tree <- tryCatch(rhdf5::h5ls(file), error = identity)
    if (inherits(tree, "error")) {
        abort_input(c(
            "{.file {file}} could not be opened as an HDF5 file.",
            x = "{conditionMessage(tree)}",
            i = "It may be cut off: get it again."
        ), call = call)
    }
    size <- vapply(strsplit(tree$dim, " x ", fixed = TRUE), function(n) {
        prod(suppressWarnings(as.numeric(n)))
    }, numeric(1))
    data.frame(
        path = paste0(sub("^/$", "", tree$group), "/", tree$name),
        class = tree$dclass, dim = tree$dim, size = size
    )
}

# Compression leaves a byte of some thousand at the least (that of gzip: 1 in
# 1,032), so a table that claims to be larger is damaged. It is not read, or it
# would take what memory there is.
most_per_byte <- 1100

check_h5ad_sizes <- function(file, tree, call) {
    needed <- grepl("^/(X|obs|var|uns)(/|$)", tree$path)
    large <- which(needed & tree$size > most_per_byte * file.size(file))
    if (length(large)) {
        why <- paste0(
            tree$path[large[1L]], " claims to hold ", tree$dim[large[1L]],
            " values in a file of ", format_count(file.size(file)), " bytes."
        )
        abort_h5ad(file, why, call)
    }
}

# X as a DelayedMatrix, var x obs
h5ad_matrix <- function(file, tree, call) {
    has_x <- "/X" %in% tree$path &&
        !identical(h5ad_attributes(file, "X")[["encoding-type"]], "null")
    if (!has_x) {
        other <- grep("^/(layers|raw)/", tree$path, value = TRUE)
        top <- grep("^/[^/]+$", tree$path, value = TRUE)
        abort_input(c(
            "{.file {file}} must have the matrix {.field X}.",
            x = "It has none. At its top there are:
            {.field {sub('^/', '', top)}}.",
            i = if (length(other)) {
                "Make {.field {sub('^/', '', other[1])}} its {.field X} and
                write it again."
            }
        ), call = call)
    }
    sparse <- "/X/data" %in% tree$path
    check_h5ad_numbers(file, tree, if (sparse) "/X/data" else "/X", call)
    x <- tryCatch(
        if (sparse) {
            in_memory <- h5ad_sparse(file, tree)
            DelayedArray::DelayedArray(in_memory)
        } else {
            HDF5Array::HDF5Array(file, "X")
        },
        error = identity
    )
    if (inherits(x, "error") || length(dim(x)) != 2L) {
        abort_input(c(
            "{.file {file}} must have a matrix {.field X}, dense, CSR or CSC.",
            x = if (inherits(x, "error")) {
                "{conditionMessage(x)}"
            } else {
                "It has {length(dim(x))} dimension{?s}."
            }
        ), call = call)
    }
    x
}

h5ad_attributes <- function(file, path) {
    tryCatch(rhdf5::h5readAttributes(file, path), error = function(e) list())
}

check_h5ad_numbers <- function(file, tree, path, call) {
    class <- tree$class[match(path, tree$path)]
    if (class %in% c("ENUM", "STRING", "COMPOUND")) {
        what <- switch(class,
            ENUM = "truth values or categories", STRING = "text",
            COMPOUND = "compound values"
        )
        abort_input(c(
            "{.file {file}} must have numbers in the matrix {.field X}.",
            x = "It has {what}.",
            i = if (class == "ENUM") {
                "In Python, {.code adata.X = adata.X.astype(\"float32\")} turns
                truth values into numbers."
            }
        ), call = call)
    }
}

# A sparse X as var x obs, in memory. (A second H5SparseMatrix() fails in one
# process with HDF5Array 1.26 and rhdf5 2.42.)
h5ad_sparse <- function(file, tree) {
    about <- rhdf5::h5readAttributes(file, "X")
    size <- as.numeric(as.vector(about$shape %||% about$h5sparse_shape))
    form <- substr(about[["encoding-type"]] %||% about$h5sparse_format, 1, 3)
    length_of <- function(name) {
        tree$size[match(paste0("/X/", name), tree$path)]
    }
    part <- function(name) {
        as.vector(
            rhdf5::h5read(file, paste0("X/", name), bit64conversion = "double")
        )
    }
    if (length(size) != 2L || !isTRUE(form %in% c("csr", "csc"))) {
        stop("The attributes of X give no shape or form of a sparse matrix.")
    }
    n_starts <- size[if (form == "csr") 1L else 2L] + 1
    if (!identical(length_of("data"), length_of("indices")) ||
        !identical(length_of("indptr"), n_starts)) {
        stop("The parts of the sparse matrix X do not fit each other.")
    }
    # each of its rows (csr) is a column here
    x <- Matrix::sparseMatrix(
        i = part("indices"), p = part("indptr"), x = as.double(part("data")),
        dims = if (form == "csr") rev(size) else size, index1 = FALSE
    )
    if (form == "csr") x else Matrix::t(x)
}

check_h5ad_length <- function(names, n, axis, file, call) {
    if (length(names) != n) {
        abort_input(c(
            "{.file {file}} must have a name in {.field {axis}} for each
            {if (axis == 'obs') 'row' else 'column'} of {.field X}.",
            x = "There are {length(names)} for {n}."
        ), call = call)
    }
}

# a column of obs or var (axis) as text; column NULL: its index; of_genes: does
# gene_id choose it?
h5ad_column <- function(file, tree, axis, column, of_genes, call) {
    if (!paste0("/", axis) %in% tree$path) {
        abort_input(c(
            "{.file {file}} must have {.field {axis}}.",
            x = "It has none, so nothing names the
            {if (axis == 'obs') 'rows' else 'columns'} of {.field X}."
        ), call = call)
    }
    inside <- children(tree$path, paste0("/", axis))
    if (length(inside) == 0L) {
        return(
            h5ad_table_column(file, tree, axis, column, of_genes, call)
        )
    }
    if (is.null(column)) {
        index <- c(
            rhdf5::h5readAttributes(file, axis)[["_index"]], "_index", "index"
        )
        column <- intersect(index, inside)[1L]
    }
    check_h5ad_column(
        column, setdiff(inside, "__categories"), axis, of_genes, file, call
    )
    path <- paste(axis, column, sep = "/")
    values <- rhdf5::h5read(file, path)
    parts <- children(tree$path, paste0("/", path))
    if ("codes" %in% parts) {
        return(decode(values$codes, values$categories))
    }
    if ("mask" %in% parts) {
        # a mask of truth values comes as a factor
        masked <- as.vector(values$mask) %in% c("TRUE", "1")
        values <- as.vector(values$values)
        values[masked] <- NA
    }
    categories <- paste(axis, "__categories", column, sep = "/")
    if (paste0("/", categories) %in% tree$path) {
        return(decode(values, rhdf5::h5read(file, categories)))
    }
    as_ids(as.vector(values), column, call)
}

# obs or var as AnnData wrote it before 0.7: one table, its categories in uns
h5ad_table_column <- function(file, tree, axis, column, of_genes, call) {
    table <- rhdf5::h5read(file, axis)
    column <- column %||% intersect(c("index", "_index"), names(table))[1L]
    check_h5ad_column(column, names(table), axis, of_genes, file, call)
    values <- as.vector(table[[column]])
    categories <- paste0("uns/", column, "_categories")
    if (is.numeric(values) && paste0("/", categories) %in% tree$path) {
        return(decode(values, rhdf5::h5read(file, categories)))
    }
    as_ids(values, column, call)
}

check_h5ad_column <- function(column, known, axis, of_genes, file, call) {
    if (!is.na(column) && is.character(column) && column %in% known) {
        return(invisible())
    }
    if (is.na(column)) {
        abort_input(c(
            "{.file {file}} must have an index in {.field {axis}}.",
            x = "It has none, only the columns {.field {known}}.",
            i = if (of_genes) "Choose one of them with {.arg gene_id}."
        ), call = call)
    }
    abort_input(c(
        "{.arg gene_id} must be a column of {.field {axis}}, by name.",
        x = "It is {describe_value(column)}.",
        i = "The columns are {.field {known}}."
    ), call = call)
}

# names of what lies directly in a group
children <- function(paths, group) {
    inside <- paths[startsWith(paths, paste0(group, "/"))]
    inside <- substring(inside, nchar(group) + 2L)
    inside[!grepl("/", inside, fixed = TRUE)]
}

# codes from 0, -1 where missing -> text
decode <- function(codes, categories) {
    code <- as.vector(codes)
    code[code < 0L] <- NA
    as.character(as.vector(categories))[code + 1L]
}
