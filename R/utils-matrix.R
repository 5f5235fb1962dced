# a matrix without class and attributes other than its dimensions
unclass_matrix <- function(x) {
    matrix(as.double(x), nrow(x), ncol(x))
}
