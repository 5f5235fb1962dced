#' IsoCLR: how `learn_transcripts()` learns
#'
#' Two views of each set of transcripts (isoforms of a gene, paralogs) are to be
#' each other's nearest in a batch. A view is a transcript of the set, drawn at
#' random, of which a crop is kept, moved by some bases, with some positions
#' masked. Encoder and projector turn it into a vector; the projector is thrown
#' away after training. The loss is the decoupled contrastive loss of Fradkin et
#' al. (2023) on the projections z at unit length, with s the cosine divided by
#' `temperature` and w the weight of the set,
#' \deqn{-w_i\, s(z_i, z_i') + \log \sum_{j \ne i} \exp s(z_i, z_j) +
#'   \log \sum_{j \ne i} \exp s(z_i, z_j'),}{
#'   -w_i s(z_i, z_i') + log sum_j exp s(z_i, z_j) + log sum_j exp s(z_i, z_j'),
#'   sums over j other than i,}
#' a mean over both views of all sets in the batch.
#'
#' Which views are taken matters more than the rest. From crops of 60 % a small
#' encoder learns within minutes much of what the composition of codons says
#' about half-life and expression; with whole transcripts and masks alone, as
#' published, isoforms are so alike that little has to be learned (on human
#' chromosome 1 the nearest transcript by 4-mers is of the same gene for 88 %).
#'
#' @section Presets:
#' `"kith"` is made for some thousand transcripts on a laptop: crops of 60 % in
#' the reading frame, 15 % of codons (of bases where none are known) masked,
#' projector 128 > 128; AdamW 2e-3 along a cosine, batches of 256 sets, two
#' epochs, or as many as make 60 steps.
#'
#' `"paper"`: no crops, a shift of up to 3 bases, masks over the whole of 12,288
#' positions (most of them padding for a short transcript), projector 2048 >
#' 2048 > 512; AdamW 0.01 rising for 10 epochs and falling with the square root
#' of the epoch, 600 epochs, batches of 1,536 sets, each block of parameters
#' clipped to norm 1. The decay of TensorFlow Addons, 3e-5 a step, is 3e-3 times
#' the rate here. That was four graphics cards' work. The preset also decides
#' optimiser, schedule and clipping; epochs, batch size, rate and decay are the
#' preset's where [train_control()] leaves them open.
#'
#' @param preset Which settings fill what is left `NULL`: see Presets.
#' @param loss `"decoupled"` (above, two sums, as in the released code of
#'   IsoCLR), `"decoupled_one_sum"` (one sum over both views: Yeh et al. 2021)
#'   or `"nt_xent"` (SimCLR's, without weights).
#' @param temperature Above 0. Lower ones look at the nearest others alone.
#' @param mask_rate Share of positions that are masked, in \[0, 1). Exactly the
#'   floor of this share; all tracks there are 0.25.
#' @param mask_all Masks fall on the whole padded length, as published, or
#'   (`FALSE`) on bases alone.
#' @param mask_codons Mask whole codons where a coding sequence is known (the
#'   floor of the share of all codons in its frame, which is carried on beyond
#'   both ends), or (`FALSE`, as published) bases one by one?
#' @param crop Share of a transcript that a view keeps, in (0, 1\]; 1: all of
#'   it. Where a coding sequence is known its reading frame is kept.
#' @param shift A view is moved by 0 to so many positions; one draw for a batch.
#' @param projector Widths of the layers of the projector, with batch
#'   normalisation and ReLU behind all but the last.
#' @param different Draw two different transcripts of a set that has several? A
#'   set of one always gives two views of that one.
#' @param weights Do sets with more transcripts weigh more (see
#'   [transcript_sets()])? `FALSE`: all alike.
#' @param positions `NULL`: transcripts are padded to the next of a list of
#'   lengths (powers of two and one and a half times them), which costs least.
#'   A number: all to so many positions, as published.
#' @return A `transcript_method`: a list of the settings.
#' @section Errors: An argument out of its range stops with an error of class
#'   `kith_error_input`.
#' @references Fradkin P, Shi R, Wang B, Frey B, Lee LJ (2023). Splicing up your
#'   predictions with RNA contrastive learning. arXiv:2310.08738. Yeh CH et al.
#'   (2021). Decoupled contrastive learning. arXiv:2110.06848.
#' @seealso [method_untrained()], for the same encoder without training.
#' @family transcript functions
#' @examples
#' method_isoclr()
#' method_isoclr("paper")
#' method_isoclr(crop = 0.8, temperature = 0.2)
#' @export
method_isoclr <- function(preset = c("kith", "paper"), loss = NULL,
                          temperature = 0.1, mask_rate = 0.15, crop = NULL,
                          shift = NULL, projector = NULL, different = TRUE,
                          weights = TRUE, mask_all = NULL, mask_codons = NULL,
                          positions = NULL) {
    preset <- check_choice(preset, names(isoclr_presets))
    settings <- isoclr_presets[[preset]]
    given <- list(
        loss = or_null(loss, check_choice, view_losses),
        temperature = check_number(temperature, 0, open = TRUE),
        mask_rate = check_below_one(
            mask_rate, "With 1 nothing would be left of the transcript."
        ),
        mask_all = or_null(mask_all, check_flag),
        mask_codons = or_null(mask_codons, check_flag),
        crop = or_null(crop, check_crop),
        shift = or_null(shift, check_count, min = 0, max = 1024),
        projector = or_null(projector, check_head),
        different = check_flag(different), weights = check_flag(weights),
        positions = or_null(positions, check_count, min = 16, max = 2^20)
    )
    given <- Filter(Negate(is.null), given)
    settings[names(given)] <- given
    structure(c(list(name = "isoclr", preset = preset), settings),
        class = c("method_isoclr", "transcript_method")
    )
}

view_losses <- c("decoupled", "decoupled_one_sum", "nt_xent")

check_crop <- function(crop, name = rlang::caller_arg(crop),
                       call = rlang::caller_env()) {
    force(name)
    crop <- check_number(crop, 0, 1, name = name, call = call)
    if (crop == 0) {
        abort_input(c(
            "{.arg {name}} must be above 0.",
            x = "With 0 nothing would be left of a transcript.",
            i = "{.code crop = 1} keeps all of it."
        ), call = call)
    }
    crop
}

# training: of the run, where a control leaves them open; epochs are at least
# those, and `steps` steps
isoclr_presets <- list(
    kith = list(
        loss = "decoupled", crop = 0.6, shift = 0L, mask_all = FALSE,
        mask_codons = TRUE,
        projector = c(128L, 128L),
        training = list(
            epochs = 2L, steps = 60L, batch_size = 256L, learning_rate = 2e-3,
            weight_decay = 1e-2
        )
    ),
    paper = list(
        loss = "decoupled", crop = 1, shift = 3L, mask_all = TRUE,
        mask_codons = FALSE,
        projector = c(2048L, 2048L, 512L), positions = 12288L,
        training = list(
            epochs = 600L, steps = 0L, batch_size = 1536L,
            learning_rate = 0.01, weight_decay = 3e-3, optimizer = "adamw",
            schedule = "inverse_sqrt", clip_norm = 1, clip_by = "block"
        )
    )
)

#' @method print transcript_method
#' @export
print.transcript_method <- function(x, ...) {
    settings <- x[setdiff(names(x), c("name", "training"))]
    training <- vapply(x$training, toString, "")
    cli::cat_line("<method_", x$name, ">")
    cli::cat_line("  ", names(settings), " ", vapply(settings, toString, ""))
    cli::cat_line(
        "  trained with ", toString(paste(names(training), training))
    )
    invisible(x)
}
