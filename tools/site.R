# Builds the site into site/, by _pkgdown.yml, from the kith that R finds.

# Nothing is looked up in the network: not what CRAN has, and not the sites of
# other packages, whose functions are linked to rdrr.io.
options(pkgdown.internet = FALSE)
offline <- function(name, answer) {
    utils::assignInNamespace(name, function(...) answer, "downlit")
}
offline("CRAN_urls", data.frame(Package = character(), URL = character()))
offline("remote_metadata_slow", NULL)

unlink("site", recursive = TRUE)
pkgdown::check_pkgdown()
pkgdown::build_site(
    devel = FALSE, install = FALSE, new_process = FALSE, preview = FALSE
)

# Debian's pkgdown links to a file of the machine that built the pages
own <- "file:///usr/share/javascript/mathjax/"
public <- "https://cdnjs.cloudflare.com/ajax/libs/mathjax/2.7.5/"
for (page in list.files("site", "[.]html$", recursive = TRUE,
    full.names = TRUE
)) {
    lines <- readLines(page, encoding = "UTF-8")
    writeLines(sub(own, public, lines, fixed = TRUE), page, useBytes = TRUE)
}
