# the area under the curve as the Mann-Whitney statistic
auc_reference <- function(positive, negative) {
    n <- length(positive)
    above <- sum(rank(c(positive, negative))[seq_len(n)]) - n * (n + 1) / 2
    above / n / length(negative)
}

key <- function(pairs) {
    paste(pmin(pairs$from, pairs$to), pmax(pairs$from, pairs$to))
}

test_that("the truth holds what it says", {
    withr::local_seed(1)
    found <- simulate_network(400, size = c(3, 30))
    genes <- found$genes
    truth <- found$truth
    expect_identical(genes$gene, sprintf("G%04d", seq_len(400)))
    expect_identical(rownames(found$vectors), genes$gene)
    expect_identical(dim(found$vectors), c(400L, 50L))
    expect_identical(sum(is.na(genes$complex)), 40L)
    sizes <- table(genes$complex)
    expect_length(sizes, 32)
    expect_true(all(sizes >= 3 & sizes <= 30))
    expect_gt(mean(sizes), median(sizes))

    expect_false(anyDuplicated(key(truth)) > 0)
    expect_false(any(truth$from == truth$to))
    from <- genes[match(truth$from, genes$gene), ]
    to <- genes[match(truth$to, genes$gene), ]
    together <- !is.na(from$complex) & !is.na(to$complex) &
        from$complex == to$complex
    expect_identical(together, truth$status != "spurious")
    expect_identical(truth$kin, from$role == to$role)
    observed <- truth[truth$status != "missing", ]
    expect_setequal(
        paste(found$pairs$from, found$pairs$to),
        paste(observed$from, observed$to)
    )
    expect_identical(nrow(found$pairs), nrow(observed))
    n <- table(truth$status)
    expect_equal(n[["missing"]] / (n[["missing"]] + n[["true"]]), 0.1,
        tolerance = 0.01
    )
    expect_equal(n[["spurious"]] / (n[["spurious"]] + n[["true"]]), 0.05,
        tolerance = 0.02
    )
})

test_that("the number of partners is capped and small complexes are whole", {
    withr::local_seed(2)
    for (cap in c(2, 5, 12)) {
        found <- simulate_network(300, max_partners = cap, spurious = 0)
        partners <- table(c(found$truth$from, found$truth$to))
        size <- table(found$genes$complex)
        size <- size[found$genes$complex[match(names(partners),
            found$genes$gene)]]
        expected <- ifelse(size - 1 <= cap, size - 1, cap - cap %% 2)
        expect_equal(as.vector(partners), as.vector(expected))
    }
})

test_that("set.seed() decides", {
    set.seed(3)
    first <- simulate_network(100)
    second <- simulate_network(100)
    set.seed(3)
    expect_identical(simulate_network(100), first)
    expect_false(identical(first, second))
})

test_that("complexes take up exactly the genes there are", {
    withr::local_seed(4)
    for (case in list(c(30, 10), c(400, 10), c(31, 10), c(399, 10), c(100, 7),
        c(3, 1), c(40, 1))) {
        found <- simulate_network(case[1],
            n_complexes = case[2], n_unattached = 0, spurious = 0
        )
        sizes <- table(found$genes$complex)
        expect_identical(sum(sizes), as.integer(case[1]))
        expect_length(sizes, case[2])
        expect_true(all(sizes >= 3 & sizes <= 40))
    }
})

test_that("kin look alike and kith do not", {
    withr::local_seed(5)
    found <- simulate_network()
    x <- unclass(as_embedding(found$vectors, pca = 50))
    cosine <- function(a, b) rowSums(x[a, ] * x[b, ])
    true <- found$truth[found$truth$status != "spurious", ]
    score <- cosine(true$from, true$to)
    genes <- found$genes$gene
    random <- cosine(sample(genes, 2000, TRUE), sample(genes, 2000, TRUE))
    random <- random[random < 1 - 1e-9]
    expect_gt(auc_reference(score[true$kin], random), 0.95)
    expect_lt(abs(auc_reference(score[!true$kin], random) - 0.5), 0.05)
    expect_lt(auc_reference(score, random), 0.7)
})

test_that("what is learned in some complexes holds in others", {
    # a bilinear score, x' M y, by ridge regression on pairs of two thirds of
    # the complexes, tested on pairs within the others
    withr::local_seed(6)
    found <- simulate_network()
    x <- as.matrix(as_embedding(found$vectors, pca = 24))
    genes <- found$genes[!is.na(found$genes$complex), ]
    seen <- genes$complex %in% sample(unique(genes$complex), 80)
    true <- found$truth[found$truth$status != "spurious" & !found$truth$kin, ]
    within <- function(set) true$from %in% set & true$to %in% set
    train <- true[within(genes$gene[seen]), ]
    test <- true[within(genes$gene[!seen]), ]
    products <- function(from, to) {
        each <- rep(seq_len(ncol(x)), ncol(x))
        other <- rep(seq_len(ncol(x)), each = ncol(x))
        x[from, each] * x[to, other] + x[to, each] * x[from, other]
    }
    random <- function(set, n) {
        list(sample(set, n, TRUE), sample(set, n, TRUE))
    }
    negative <- random(genes$gene[seen], 3 * nrow(train))
    design <- rbind(
        products(train$from, train$to), products(negative[[1]], negative[[2]])
    )
    target <- rep(c(1, 0), c(nrow(train), length(negative[[1]])))
    weight <- solve(
        crossprod(design) + diag(1, ncol(design)),
        crossprod(design, target - mean(target))
    )
    score <- function(from, to) as.vector(products(from, to) %*% weight)
    negative <- random(genes$gene[!seen], 2000)
    learned <- auc_reference(
        score(test$from, test$to), score(negative[[1]], negative[[2]])
    )
    cosine <- auc_reference(
        rowSums(x[test$from, ] * x[test$to, ]),
        rowSums(x[negative[[1]], ] * x[negative[[2]], ])
    )
    expect_lt(cosine, 0.6)
    expect_gt(learned, 0.8)
})

test_that("numbers out of range are refused", {
    bad <- function(pattern, ...) {
        expect_error(simulate_network(...), pattern, class = "kith_error_input")
    }
    bad("n_genes", 1)
    bad("n_genes", "many")
    bad("n_complexes.*must take up", 100, n_complexes = 50)
    bad("n_complexes.*must take up", 100, n_complexes = 2)
    bad("n_complexes", 100, n_complexes = 0)
    bad("n_roles", 100, n_roles = 0)
    bad("n_features", 100, n_features = 1.5)
    bad("n_latent", 100, n_latent = NA)
    bad("size", 100, size = 3)
    bad("size", 100, size = c(5, 3))
    bad("size", 100, size = c(1, 3))
    bad("noise", 100, noise = -1)
    bad("offset", 100, offset = Inf)
    bad("spurious", 100, spurious = 1)
    bad("missing", 100, missing = -0.1)
    bad("max_partners", 100, max_partners = 1)
    bad("n_unattached", 100, n_unattached = -1)
    bad("spurious", 20, n_complexes = 1, n_unattached = 0)
})

test_that("more latent dimensions than features are fine", {
    withr::local_seed(7)
    found <- simulate_network(60, n_features = 4, n_latent = 3, n_roles = 3)
    expect_identical(dim(found$vectors), c(60L, 4L))
    expect_true(all(is.finite(found$vectors)))
    one <- simulate_network(60, n_features = 1, n_latent = 1, n_roles = 1)
    expect_true(all(one$truth$kin))
})

test_that("printing tells what there is", {
    withr::local_seed(8)
    found <- simulate_network(200)
    shown <- capture.output(print(found))
    expect_length(shown, 4)
    expect_identical(shown[1], "<simulated_network> 200 genes x 50 features")
    expect_identical(
        shown[2], "16 complexes, 4 roles, 20 genes without a complex"
    )
    expect_match(shown[3], sprintf("^%d pairs observed: ", nrow(found$pairs)))
    expect_match(shown[4], "^kin \\(same role\\): [0-9]+ % of the true pairs$")
})
