# Gives a file that was written whole its name, once it is on the disk: what has
# the name is whole, also after a loss of power. FALSE if it cannot be moved.
move_into_place <- function(from, to) {
    .Call(C_file_sync, from)
    suppressWarnings(file.rename(from, to))
}
