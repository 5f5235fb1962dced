#!/usr/bin/python3
"""Golden values of pairwise ranking: ten steps each of three ways to train.

    python3 tools/golden_ranking.py [folder]

writes golden-ranking.json into the folder (default tests/testthat/fixtures),
in double precision. The README there lists the fields.
"""

import os
import sys

import torch
from torch import nn
from torch.nn import functional as F

from golden import flat, write_fixture
from golden_parts import pairwise_logistic

N_GENES, N_IN, BATCH, N_STEPS = 30, 6, 16, 10
NORM_1, NORM_2 = 0.005, 0.001


def induced_norms(model):
    """The penalty of the published script, on all weight matrices."""
    weights = [p for p in model.parameters() if p.dim() == 2]
    return sum(NORM_1 * torch.linalg.norm(w, 1)
               + NORM_2 * torch.linalg.norm(w, 2) for w in weights)


def published(n_in):
    return nn.Sequential(
        nn.Linear(n_in, 8), nn.LeakyReLU(0.1),
        nn.Linear(8, 5), nn.LeakyReLU(0.1), nn.Linear(5, 1))


def default_network():
    return nn.Sequential(
        nn.Linear(N_IN, 8), nn.LayerNorm(8), nn.GELU(),
        nn.Linear(8, 5), nn.LayerNorm(5), nn.GELU(), nn.Linear(5, 1))


def train(model, optimizer, batches, loss_of):
    """Values of ten steps; loss_of(batch) is the loss to minimise."""
    start = flat(model.parameters())
    losses, first_gradient = [], None
    for batch in batches:
        loss = loss_of(batch)
        optimizer.zero_grad()
        loss.backward()
        if first_gradient is None:
            first_gradient = flat([p.grad for p in model.parameters()])
        optimizer.step()
        losses.append(loss.item())
    return dict(
        parameters_start=start, gradient_start=first_gradient, losses=losses,
        parameters_end=flat(model.parameters()))


def all_pairs(x, y, generator):
    model = default_network()
    batches = [torch.randperm(N_GENES, generator=generator)[:BATCH]
               for _ in range(N_STEPS)]
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=3e-3, weight_decay=1e-2)
    values = train(
        model, optimizer, batches,
        lambda rows: pairwise_logistic(model(x[rows])[:, 0], y[rows], False))
    return dict(
        items=[b.tolist() for b in batches], learning_rate=3e-3,
        weight_decay=1e-2, scores=model(x)[:, 0], **values)


def pairs(x, y, first, second, generator, concat):
    model = published(2 * N_IN if concat else N_IN)
    above = (y[first] > y[second]).double()
    batches = [torch.randperm(len(first), generator=generator)[:BATCH]
               for _ in range(N_STEPS)]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)

    def loss_of(items):
        a, b = x[first[items]], x[second[items]]
        if concat:
            logits = model(torch.cat([a, b], 1))
        else:
            logits = model(a) - model(b)
        return F.binary_cross_entropy_with_logits(
            logits[:, 0], above[items]) + induced_norms(model)

    values = train(model, optimizer, batches, loss_of)
    return dict(
        items=[b.tolist() for b in batches], learning_rate=0.05, momentum=0.9,
        **values)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
        here, "..", "tests", "testthat", "fixtures")
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(31)
    generator = torch.Generator().manual_seed(31)
    x = torch.randn(N_GENES, N_IN, generator=generator)
    y = torch.randint(12, (N_GENES,), generator=generator).double()
    first = torch.randint(N_GENES, (40,), generator=generator)
    other = torch.randint(N_GENES - 1, (40,), generator=generator)
    second = other + (other >= first)
    path, size = write_fixture(folder, dict(
        case="ranking", made_by="tools/golden_ranking.py",
        torch=torch.__version__, x=x, y=y, first=first.tolist(),
        second=second.tolist(), norm_1=NORM_1, norm_2=NORM_2,
        all_pairs=all_pairs(x, y, generator),
        twin=pairs(x, y, first, second, generator, False),
        concat=pairs(x, y, first, second, generator, True)))
    print(path, size)


if __name__ == "__main__":
    main()
