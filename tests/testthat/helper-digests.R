# Digests of seeded fits: a net under changes of the engine that must not move
# a number. The bits depend on machine and libraries, so a fixture belongs to
# those that it was made on (tools/digests.R makes it).

# What decides the last bits of a fit.
digest_machine <- function() {
    flags <- if (file.exists("/proc/cpuinfo")) {
        line <- grep("^flags", readLines("/proc/cpuinfo"), value = TRUE)[1L]
        strsplit(line, " ", fixed = TRUE)[[1L]]
    }
    # the families of CPUs that kernels are compiled for
    level <- if (all(c("avx512f", "avx512bw", "avx512vl") %in% flags)) {
        "x86-64-v4"
    } else if (all(c("avx2", "fma") %in% flags)) {
        "x86-64-v3"
    } else {
        "other"
    }
    blas <- normalizePath(extSoftVersion()[["BLAS"]], mustWork = FALSE)
    list(
        r = as.character(getRversion()), cpu = level,
        # builds of one BLAS differ in size
        blas = paste(basename(dirname(blas)), file.size(blas)),
        c_library = system("ldd --version 2>&1", intern = TRUE)[1L],
        single = build_features()$single,
        compiler = build_features()$compiler,
        rlang = as.character(utils::packageVersion("rlang"))
    )
}

# The arguments of learn_associations() of each fit.
digest_cases <- function() {
    published <- function(...) list(preset = "cal2026", ...)
    list(
        published = published(encoder = encoder_mlp(c(192, 192))),
        masked_relu = published(
            encoder = encoder_mlp(64, "relu", norm = "none",
                blend = FALSE, n_out = 24
            ),
            objective = info_nce(keys = "transformed", mask_known = TRUE)
        ),
        uniform_raw = published(
            encoder = encoder_mlp(c(64, 64), dropout = 0.2),
            objective = info_nce(negatives = "uniform", n_negatives = 40)
        ),
        uniform_transformed = published(
            encoder = encoder_mlp(c(64, 64), "leaky_relu"),
            objective = info_nce(
                keys = "transformed", negatives = "uniform", n_negatives = 40
            )
        ),
        kith = list(
            encoder = encoder_mlp(c(192, 192), dropout = 0.3, blend = FALSE,
                n_out = 64
            )
        ),
        all_keys_raw = list(
            encoder = encoder_mlp(64, dropout = 0.1),
            objective = multi_positive(
                keys = "raw", against = "all", degree_correction = 0.5
            ),
            members = 2, combine = FALSE
        )
    )
}

# Everything that a fit has learned and says, as one hash.
digest_fit <- function(fit, parts) {
    pairs <- rbind(
        as.data.frame(parts$test)[c("from", "to")],
        as.data.frame(parts$train)[1:50, c("from", "to")]
    )
    hows <- c("both", "half", if (!is.null(fit$combination)) {
        c("combined", "corrected")
    })
    if (nrow(fit$vectors) > 0 && ncol(encode(fit)) != ncol(fit$vectors)) {
        hows <- setdiff(hows, "half")
    }
    scores <- lapply(hows, function(how) {
        as.double(score_pairs(fit, pairs, how = how)$score)
    })
    held_out <- as.data.frame(evaluate(fit, parts, draws = 20))
    numbers <- vapply(held_out, is.numeric, NA)
    history <- fit$history[c("epoch", "loss", "accuracy", "learning_rate",
        "validation_auc"
    )]
    rlang::hash(list(
        lapply(fit$members, function(m) as.double(m$parameters)),
        lapply(unname(as.list(history)), as.double), scores,
        lapply(unname(as.list(held_out[numbers])), as.double)
    ))
}

# Trains each case in each precision on each number of threads. A named vector
# of digests, one for each case and precision; threads that differ are an
# error.
digest_all <- function(threads = c(1L, 2L, 4L)) {
    organism <- withr::with_seed(1, simulate_network(n_genes = 300))
    parts <- withr::with_seed(2, split_pairs(
        gene_pairs(organism$pairs), by = "gene", prop = 0.8
    ))
    digest_of <- function(case, precision, n_threads) {
        control <- train_control(
            epochs = 3, batch_size = 200, seed = 3, threads = n_threads,
            precision = precision, validation = 0.1, patience = 2,
            verbose = FALSE
        )
        fit <- suppressMessages(do.call(learn_associations, c(
            list(organism$vectors, parts$train, control = control), case
        )))
        withr::with_seed(4, suppressMessages(digest_fit(fit, parts)))
    }
    cases <- digest_cases()
    grid <- expand.grid(
        case = names(cases), precision = precisions(),
        stringsAsFactors = FALSE
    )
    digests <- mapply(function(name, precision) {
        found <- vapply(threads, digest_of, "",
            case = cases[[name]], precision = precision
        )
        if (length(unique(found)) > 1L) {
            stop("threads change ", name, " in ", precision, " precision")
        }
        found[1L]
    }, grid$case, grid$precision)
    stats::setNames(digests, paste(grid$case, grid$precision, sep = "."))
}

# list(machine, digests) of the kith in a library, from a process of its own
# whose BLAS has one thread and the kernels of one family of CPUs
digest_elsewhere <- function(folder, library = .libPaths()) {
    callr::r(
        function(folder) {
            # a plain library() would attach the exports alone
            kith <- asNamespace("kith")
            env <- new.env(parent = kith)
            for (file in c("helper-engine.R", "helper-digests.R")) {
                sys.source(file.path(folder, file), env)
            }
            list(machine = env$digest_machine(), digests = env$digest_all())
        },
        list(folder = normalizePath(folder)),
        libpath = library, env = c(
            callr::rcmd_safe_env(), OPENBLAS_NUM_THREADS = "1",
            OPENBLAS_CORETYPE = "Haswell"
        )
    )
}
