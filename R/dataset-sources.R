# The table of data sets is in inst/extdata: datasets.csv has a line for each
# file, dataset-sources.csv one for each source. Sizes and MD5 sums are those
# that are published; where there are none, they are empty. An address that
# ends in a slash goes on with the name of the file. A source of version
# "current" changes its files without changing their addresses, so its sizes
# are only about right and are not checked.

# species: a taxon id, as text
read_datasets <- function(species) {
    files <- read_table_file("datasets.csv")
    sources <- read_table_file("dataset-sources.csv")
    of <- match(files$source, sources$source)
    version <- sources$version[of]
    file <- gsub("{species}", species, files$file, fixed = TRUE)
    datasets <- data.frame(
        name = files$name,
        source = files$source,
        version = version,
        title = files$title,
        organism = files$taxon,
        size = as.double(files$bytes),
        licence = sources$licence[of],
        citation = sources$citation[of],
        page = sources$page[of],
        file = file,
        folder = paste(files$source, version, sep = "-"),
        address = ifelse(
            endsWith(files$address, "/"), paste0(files$address, file),
            files$address
        ),
        md5 = files$md5
    )
    structure(datasets, class = c("kith_datasets", "data.frame"))
}

read_table_file <- function(name) {
    utils::read.csv(
        system.file("extdata", name, package = "kith", mustWork = TRUE),
        colClasses = "character", na.strings = "", encoding = "UTF-8"
    )
}
