# What learn_associations() does where its arguments leave it open. A control
# holds NULL for what the preset decides.

association_presets <- list(
    kith = list(
        epochs = 60L, learning_rate = 1e-3, weight_decay = 0.01,
        members = 3L, combine = TRUE
    ),
    cal2026 = list(
        epochs = 100L, learning_rate = 3e-4, weight_decay = 1e-4,
        members = 1L, combine = FALSE
    )
)

preset_objective <- function(preset) {
    if (preset == "cal2026") info_nce() else multi_positive()
}

# raw keys need encodings of the size of the vectors
preset_encoder <- function(preset, objective) {
    if (preset == "cal2026") {
        encoder_mlp()
    } else if (objective$keys == "raw") {
        encoder_mlp(hidden = c(512, 512), dropout = 0.3)
    } else {
        encoder_mlp(
            hidden = c(512, 512), dropout = 0.3, blend = FALSE, n_out = 128
        )
    }
}

# The defaults of encoder_mlp() are those of the published recipe, not of the
# preset that is trained.
inform_published_encoder <- function(encoder, objective) {
    own <- preset_encoder("kith", objective)
    if (encoder$dropout == 0 && encoder$blend) {
        inform_kith(c(
            i = "{.arg encoder} has {.code dropout = 0} and
            {.code blend = TRUE}, the published recipe; that of
            {.code preset = \"kith\"} has {.code dropout = {own$dropout}} and
            {.code blend = {own$blend}}."
        ), class = "kith_message_encoder")
    }
}

# the arguments of learn_associations(), checked and completed
association_settings <- function(encoder, objective, control, preset, members,
                                 combine, call = rlang::caller_env()) {
    preset <- check_choice(preset, names(association_presets), call = call)
    defaults <- association_presets[[preset]]
    if (is.null(objective)) objective <- preset_objective(preset)
    check_class(objective, "objective", "multi_positive", call = call)
    given <- encoder
    if (is.null(encoder)) encoder <- preset_encoder(preset, objective)
    check_class(encoder, "encoder_mlp", "encoder_mlp", call = call)
    check_class(control, "train_control", "train_control", call = call)
    if (!is.null(given) && preset == "kith" && control$verbose) {
        inform_published_encoder(encoder, objective)
    }
    if (is.null(members)) members <- defaults$members
    if (is.null(combine)) combine <- defaults$combine
    list(
        encoder = encoder, objective = objective,
        control = complete_control(control, defaults),
        members = check_count(members, call = call),
        combine = check_flag(combine, call = call), preset = preset
    )
}
