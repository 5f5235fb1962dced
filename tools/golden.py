#!/usr/bin/python3
"""Golden values for the C engine, computed by PyTorch in double precision.

    python3 tools/golden.py [folder]

writes golden-<case>.json into the folder (default tests/testthat/fixtures).
Each file holds one whole training run of ten optimiser steps: what went in
(encoder, objective, optimiser, vectors, batches, first parameters) and what
must come out (losses, gradient norms, last parameters, encoding). Numbers carry
17 significant digits, so they read back to the same bits; indices count from 0.
tests/testthat/fixtures/README.md lists the fields; golden_parts.py makes the
other fixtures.
"""

import json
import math
import os
import sys

import torch
from torch import nn
from torch.nn import functional as F

N_GENES, N_IN, HIDDEN = 20, 6, [8, 8, 8]
N_STEPS, BATCH, N_NEGATIVES = 10, 12, 7
TIE = 1e-12  # similarities closer than this are the same key met twice
LARGEST_FILE = 60000  # bytes

ADAMW = dict(
    method="adamw", learning_rate=3e-3, weight_decay=1e-2, beta1=0.9,
    beta2=0.999, eps=1e-8, momentum=0.0, schedule="constant", clip_norm=None,
)
SGD = dict(
    ADAMW, method="sgd", learning_rate=0.01, momentum=0.9, beta1=None,
    beta2=None, eps=None,
)
ENCODER = dict(
    n_in=N_IN, hidden=HIDDEN, activation="gelu", slope=None, layer_norm=True,
    dropout=0.0, blend=True, normalize=True,
)

# name: (changes to the encoder, keys, negatives, optimiser, seed)
CASES = {
    "half": ({}, "raw", "batch", ADAMW, 1),
    "both": ({}, "transformed", "batch", ADAMW, 2),
    "uniform-transformed": ({}, "transformed", "uniform", ADAMW, 3),
    "uniform-raw": ({}, "raw", "uniform", ADAMW, 4),
    "half-relu": ({"activation": "relu"}, "raw", "batch", ADAMW, 5),
    "half-leaky-relu": (
        {"activation": "leaky_relu", "slope": 0.01},
        "raw", "batch", ADAMW, 6,
    ),
    "half-plain": (
        {"layer_norm": False, "blend": False}, "raw", "batch", ADAMW, 7,
    ),
    "half-cosine": ({}, "raw", "batch", dict(ADAMW, schedule="cosine"), 8),
    "half-sgd": ({}, "raw", "batch", SGD, 9),
    "half-clip": ({}, "raw", "batch", dict(ADAMW, clip_norm=0.5), 10),
    "half-sgd-clip": ({}, "raw", "batch", dict(SGD, clip_norm=0.5), 11),
    "both-sgd-cosine": (
        {}, "transformed", "batch", dict(SGD, schedule="cosine"), 12,
    ),
    "half-masked": ({}, "raw", "masked", ADAMW, 13),
    "both-masked": ({}, "transformed", "masked", ADAMW, 14),
    "multi-raw": ({}, "raw", "all", ADAMW, 15),
    "multi-transformed": ({}, "transformed", "all", ADAMW, 16),
}
# of the multi-positive cases
N_KNOWN, N_ANCHORS, CORRECTION, WEIGHT = 25, 9, 0.7, 0.5


# Model -----------------------------------------------------------------------

def activation_layer(encoder):
    if encoder["activation"] == "leaky_relu":
        return nn.LeakyReLU(encoder["slope"])
    return {"gelu": nn.GELU, "relu": nn.ReLU}[encoder["activation"]]()


class Encoder(nn.Module):
    """f(x) = normalise(a x + (1 - a) g(x)), a = sigmoid(logit).

    in_order() is the flat order of the fixtures: layer by layer, weight
    (out x in) before bias, scale before shift, logit last. (parameters()
    would put the logit first.)
    """

    def __init__(self, encoder):
        super().__init__()
        layers, width = [], encoder["n_in"]
        for n_out in encoder["hidden"] + [encoder["n_in"]]:
            layers.append(nn.Linear(width, n_out))
            if encoder["layer_norm"]:
                layers.append(nn.LayerNorm(n_out))
            layers.append(activation_layer(encoder))
            width = n_out
        self.g = nn.Sequential(*layers[:-1])  # no activation at the end
        self.normalize = encoder["normalize"]
        self.logit = nn.Parameter(torch.zeros(1)) if encoder["blend"] else None

    def in_order(self):
        last = [] if self.logit is None else [self.logit]
        return list(self.g.parameters()) + last

    def forward(self, x):
        y = self.g(x)
        if self.logit is not None:
            share = torch.sigmoid(self.logit)
            y = share * x + (1 - share) * y
        return F.normalize(y, dim=-1) if self.normalize else y


def flat(parameters):
    return nn.utils.parameters_to_vector(parameters).detach().clone()


# Objectives ------------------------------------------------------------------

def similarities(queries, keys, temperature):
    return queries @ keys.T / temperature


def loss_in_batch(queries, keys, temperature, dropped=None):
    """Symmetric cross-entropy, the diagonal of the batch is the target."""
    scores = similarities(queries, keys, temperature)
    if dropped is not None:
        scores = scores.masked_fill(dropped, -math.inf)
    target = torch.arange(len(scores))
    rows = F.cross_entropy(scores, target)
    columns = F.cross_entropy(scores.T, target)
    return (rows + columns) / 2


def loss_one_direction(queries, positives, negatives, temperature):
    """Softmax of [positive, its own N negatives]; negatives is B x N x d."""
    positive = (queries * positives).sum(-1, keepdim=True)
    negative = torch.einsum("bd,bnd->bn", queries, negatives)
    scores = torch.cat([positive, negative], 1) / temperature
    return F.cross_entropy(scores, torch.zeros(len(scores), dtype=torch.long))


def adjacency(pairs):
    known = torch.zeros(N_GENES, N_GENES, dtype=torch.bool)
    known[pairs[:, 0], pairs[:, 1]] = True
    known[pairs[:, 1], pairs[:, 0]] = True
    return known


def weighted_mean(values, weights):
    return (values * weights).sum() / weights.sum()


def loss_multi_positive(queries, keys, anchors, known, temperature):
    """Every known partner a positive, keys = the genes with a partner."""
    degree = known.sum(1).double()
    genes = torch.nonzero(degree > 0)[:, 0]
    offset = CORRECTION * degree.clamp(min=1).log()
    scores = similarities(queries, keys[genes], temperature)
    scores = scores.masked_fill(
        anchors[:, None] == genes[None, :], -math.inf)
    positive = known[anchors][:, genes]

    def side(logits, positive, weights):
        some = positive.any(1)
        shares = F.log_softmax(logits, 1).masked_fill(~positive, 0)
        means = shares.sum(1)[some] / positive.sum(1)[some]
        return -weighted_mean(means, weights[some])

    weights = degree ** WEIGHT
    rows = side(scores + offset[genes], positive, weights[anchors])
    columns = side(
        (scores + offset[anchors][:, None]).T, positive.T, weights[genes])
    return (rows + columns) / 2


def accuracies(queries, keys, partners, temperature):
    """Share of anchors whose arg-max over the row is their own partner.

    A partner that occurs twice in a batch gives two equal scores: "accuracy"
    then takes the first of them, "accuracy_by_gene" takes both.
    """
    scores = similarities(queries, keys, temperature)
    is_max = scores >= scores.max(1, keepdim=True).values - TIE
    first = is_max.to(torch.int64).argmax(1)
    target = torch.arange(len(scores))
    by_index = (first == target).double().mean().item()
    by_gene = (partners[first] == partners).double().mean().item()
    return by_index, by_gene


# One case --------------------------------------------------------------------

def draw_batches(generator):
    """Ten batches of pairs of two different genes, with repeated genes."""
    batches = []
    while len(batches) < N_STEPS:
        anchors = torch.randint(N_GENES, (BATCH,), generator=generator)
        shift = torch.randint(1, N_GENES, (BATCH,), generator=generator)
        pairs = torch.stack([anchors, (anchors + shift) % N_GENES], 1)
        repeated = [len(set(side.tolist())) < BATCH for side in pairs.T]
        if all(repeated):
            batches.append(pairs)
    return torch.stack(batches)


def draw_anchors(generator, known):
    """Ten batches of different genes that have a partner, and their places
    among these."""
    genes = torch.nonzero(known.any(1))[:, 0]
    places = torch.stack([
        torch.randperm(len(genes), generator=generator)[:N_ANCHORS]
        for _ in range(N_STEPS)])
    return genes[places], places


def make_optimizer(parameters, settings):
    if settings["method"] == "sgd":
        optimizer = torch.optim.SGD(
            parameters, lr=settings["learning_rate"],
            momentum=settings["momentum"],
            weight_decay=settings["weight_decay"],
        )
    else:
        optimizer = torch.optim.AdamW(
            parameters, lr=settings["learning_rate"],
            betas=(settings["beta1"], settings["beta2"]), eps=settings["eps"],
            weight_decay=settings["weight_decay"],
        )
    if settings["schedule"] == "cosine":
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
            optimizer, T_max=N_STEPS)
    else:
        schedule = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1)
    return optimizer, schedule


def step_loss(model, objective, x, frozen, batch, negatives, known):
    """Loss of one batch; also the in-batch accuracies (or None, None)."""
    temperature = objective["temperature"]
    raw = objective["keys"] == "raw"
    if objective["negatives"] == "all":
        keys = x if raw else model(x)
        queries = model(x[batch])
        return loss_multi_positive(
            queries, keys, batch, known, temperature), (None, None)
    anchors, partners = batch.T
    f_a = model(x[anchors])
    if objective["negatives"] == "masked":
        keys = x[partners] if raw else model(x[partners])
        dropped = known[anchors][:, partners]
        dropped |= anchors[:, None] == partners[None, :]
        dropped.fill_diagonal_(False)
        return loss_in_batch(f_a, keys, temperature, dropped), (None, None)
    if objective["negatives"] == "batch":
        keys = x[partners] if raw else model(x[partners])
        with torch.no_grad():
            shares = accuracies(f_a, keys, partners, temperature)
        return loss_in_batch(f_a, keys, temperature), shares
    f_b = model(x[partners])
    k_a, k_b = (x[anchors], x[partners]) if raw else (f_a, f_b)
    pool = x if raw else frozen
    forth = loss_one_direction(f_a, k_b, pool[negatives[0]], temperature)
    back = loss_one_direction(f_b, k_a, pool[negatives[1]], temperature)
    return (forth + back) / 2, (None, None)


def run_case(name):
    changes, keys, negative_kind, optimizer_settings, seed = CASES[name]
    encoder = dict(ENCODER, **changes)
    objective = dict(temperature=0.05, keys=keys, negatives=negative_kind)
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    model = Encoder(encoder)
    x = F.normalize(torch.randn(N_GENES, N_IN, generator=generator), dim=-1)
    batches = draw_batches(generator)
    negatives = torch.randint(
        N_GENES, (N_STEPS, 2, BATCH, N_NEGATIVES), generator=generator)
    known = adjacency(batches.reshape(-1, 2))
    if negative_kind == "all":
        objective.update(degree_correction=CORRECTION, degree_weight=WEIGHT)
        pairs = batches.reshape(-1, 2)[:N_KNOWN]
        known = adjacency(pairs)
        batches, places = draw_anchors(generator, known)
    with torch.no_grad():
        frozen = model(x)  # negatives keep the encoding of the first step

    start = flat(model.in_order())
    gradient_start = None
    optimizer, schedule = make_optimizer(model.parameters(), optimizer_settings)
    losses, norms, rates, shares = [], [], [], []
    for step in range(N_STEPS):
        loss, share = step_loss(
            model, objective, x, frozen, batches[step], negatives[step], known)
        optimizer.zero_grad()
        loss.backward()
        gradients = [p.grad for p in model.in_order()]
        if step == 0:
            gradient_start = flat(gradients)
        norms.append(flat(gradients).norm())
        if optimizer_settings["clip_norm"] is not None:
            nn.utils.clip_grad_norm_(
                model.parameters(), optimizer_settings["clip_norm"])
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
        losses.append(loss.detach())
        shares.append(share)

    fixture = dict(
        case=name, made_by="tools/golden.py", torch=torch.__version__,
        encoder=encoder, objective=objective, optimizer=optimizer_settings,
        x=x, pairs=pairs if negative_kind == "all" else batches,
    )
    if negative_kind == "all":
        fixture["anchors"] = places
    if negative_kind == "uniform":
        fixture["negatives"] = negatives
    fixture.update(
        parameters_start=start, gradient_start=gradient_start,
        learning_rates=rates, losses=torch.stack(losses),
        gradient_norms=torch.stack(norms),
    )
    if negative_kind == "batch":
        fixture["accuracy"] = [share[0] for share in shares]
        fixture["accuracy_by_gene"] = [share[1] for share in shares]
    with torch.no_grad():
        fixture.update(
            parameters_end=flat(model.in_order()), encoding=model(x))
    return fixture


# JSON with 17 significant digits ---------------------------------------------

def as_json(value):
    if isinstance(value, torch.Tensor):
        return as_json(value.detach().tolist())
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("a fixture holds finite numbers only")
        return "%.17g" % value
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(as_json, value)) + "]"
    if isinstance(value, dict):
        items = (json.dumps(k) + ":" + as_json(v) for k, v in value.items())
        return "{" + ",".join(items) + "}"
    return json.dumps(value)


def write_fixture(folder, fixture):
    lines = (json.dumps(k) + ": " + as_json(v) for k, v in fixture.items())
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    if len(text) > LARGEST_FILE:
        raise ValueError("%s: %d bytes" % (fixture["case"], len(text)))
    path = os.path.join(folder, "golden-%s.json" % fixture["case"])
    with open(path, "w") as file:
        file.write(text)
    return path, len(text)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    folder = os.path.join(here, "..", "tests", "testthat", "fixtures")
    folder = sys.argv[1] if len(sys.argv) > 1 else folder
    os.makedirs(folder, exist_ok=True)
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    for name in CASES:
        fixture = run_case(name)
        path, size = write_fixture(folder, fixture)
        moved = fixture["parameters_end"] - fixture["parameters_start"]
        print("%-36s %6d bytes, loss %.4f -> %.4f, gradient %.2f to %.2f, "
              "moved up to %.3f" % (
                  os.path.basename(path), size, fixture["losses"][0],
                  fixture["losses"][-1], fixture["gradient_norms"].min(),
                  fixture["gradient_norms"].max(), moved.abs().max()))


if __name__ == "__main__":
    main()
