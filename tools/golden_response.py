#!/usr/bin/python3
"""Golden values of the tasks of drug response.

    python3 tools/golden_response.py [folder]

writes golden-response-<task>.json into the folder (default
tests/testthat/fixtures), in double precision: ten steps of AdamW on the response
of pairs, on their captions (with further captions, equal captions as positives,
the repaired chain and the head), and on captions as published; and
Rank-N-Contrast with its gradient. The README there lists the fields.
"""

import copy
import os
import sys

import torch
from torch import nn
from torch.nn import functional as F

from golden import flat, write_fixture

N_STEPS, BATCH, N_PAIRS, N_NUMBERS, N_HARD = 10, 12, 24, 40, 3
RATE, DECAY = 3e-3, 1e-2


def mlp(n_in, n_out):
    return nn.Sequential(nn.Linear(n_in, 7), nn.ReLU(), nn.Linear(7, n_out))


def draw_arrays(generator):
    def normal(*shape):
        return torch.randn(*shape, generator=generator)

    def below(n, size):
        return torch.randint(n, (size,), generator=generator)

    arrays = dict(
        drugs=normal(4, 6), cells=normal(6, 5), drug=below(4, N_PAIRS),
        cell=below(6, N_PAIRS), y=torch.rand(N_PAIRS, generator=generator),
        numbers=normal(N_NUMBERS, 6), number=below(N_NUMBERS, N_PAIRS),
        drug_words=normal(3, 8), cell_words=normal(4, 4),
        drug_text=torch.tensor([0, 2, 1, 0]),
        cell_text=torch.tensor([3, 0, 1, 2, 1, 0]))
    for name in ("drug", "cell", "number"):
        arrays[name][1:3] = arrays[name][0]
    return arrays


def make_networks(head, text):
    networks = dict(drug=mlp(6, 4), cell=mlp(5, 3), fusion=mlp(7, 5))
    if head:
        networks["head"] = nn.Sequential(nn.ReLU(), nn.Linear(5, 1))
    if text:
        networks.update(drug_text=mlp(8, 9), cell_text=mlp(4, 9),
                        number=mlp(6, 9), sentence=mlp(9, 5))
    return nn.ModuleDict(networks)


def place_pairs(networks, a, items):
    return networks["fusion"](torch.cat([
        networks["drug"](a["drugs"])[a["drug"][items]],
        networks["cell"](a["cells"])[a["cell"][items]]], 1))


def contrast(z, own, further, scale, weight):
    z, own = F.normalize(z, dim=-1), F.normalize(own, dim=-1)
    scores = scale * z @ own.T
    rows = scores
    if further is not None:
        more = scale * (z[:, None] * F.normalize(further, dim=-1)).sum(-1)
        rows = torch.cat([scores, more], 1)
    targets = weight / weight.sum(1, keepdim=True)
    by_row = torch.logsumexp(rows, 1) - (targets * scores).sum(1)
    by_column = torch.logsumexp(scores, 0) - (targets * scores.T).sum(1)
    return (by_row.mean() + by_column.mean()) / 2


def chain(x, step, published):
    p = (x[:-1] + step - x[1:]).abs().sum(1)
    q = (x[1:] + step - x[:-1]).abs().sum(1)
    hinge = F.relu(1 + p - q)
    if published:
        return hinge.sum() + p.sum() + q.sum()
    return (hinge + 0.1 * p).mean()


def captions_loss(networks, own, a, items, drawn, published):
    z = place_pairs(networks, a, items)
    drug, cell = a["drug"][items], a["cell"][items]
    named = (networks["drug_text"](a["drug_words"])[a["drug_text"][drug]] +
             networks["cell_text"](a["cell_words"])[a["cell_text"][cell]])
    numbers = networks["number"](a["numbers"])
    k = a["number"][items]
    scale = own[0].exp().clamp(max=100)
    said = networks["sentence"](named + numbers[k])
    if published:
        return (0.9 * contrast(z, said, None, scale, torch.eye(len(items))) +
                0.1 * chain(numbers, own[1:].detach(), True))
    further = networks["sentence"](named[:, None] + numbers[drawn])
    caption = torch.stack(
        [a["drug_text"][drug], a["cell_text"][cell], k], 1)
    same = (caption[:, None] == caption[None]).all(-1).double()
    squares = (networks["head"](z)[:, 0] - a["y"][items]).square().mean()
    return (contrast(z, said, further, scale, same) +
            0.1 * chain(numbers, own[1:], False) + 0.5 * squares)


def train(arrays, head, text, loss_of, generator):
    """Ten steps; the task's own parameters take no decay."""
    networks = make_networks(head, text)
    own = []
    if text:
        step = torch.rand(9, generator=generator) - 0.5
        own = [nn.Parameter(torch.cat(
            [-torch.tensor(0.07).log()[None], step / step.abs().sum()]))]
    optimizer = torch.optim.AdamW(
        [dict(params=networks.parameters(), weight_decay=DECAY),
         dict(params=own, weight_decay=0)] if own else networks.parameters(),
        lr=RATE, weight_decay=DECAY)
    parameters = [*networks.parameters(), *own]
    start = flat(parameters).clone()
    losses, batches, draws, first_gradient = [], [], [], None
    for _ in range(N_STEPS):
        items = torch.randperm(N_PAIRS, generator=generator)[:BATCH]
        items[:2] = torch.tensor([0, 1])
        drawn = torch.randint(N_NUMBERS, (BATCH, N_HARD), generator=generator)
        loss = loss_of(networks, own[0] if own else None, items, drawn)
        optimizer.zero_grad()
        loss.backward()
        if first_gradient is None:
            first_gradient = flat([
                torch.zeros_like(p) if p.grad is None else p.grad
                for p in parameters]).clone()
        optimizer.step()
        losses.append(loss.item())
        batches.append(items)
        draws.append(drawn)
    return dict(
        items=torch.stack(batches), drawn=torch.stack(draws),
        parameters_start=start, gradient_start=first_gradient, losses=losses,
        parameters_end=flat(parameters),
        encoding=place_pairs(networks, arrays, torch.arange(N_PAIRS)))


def rank_n_contrast(x, y, temperature):
    n, total = len(x), 0
    scores = -torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist")
    scores = scores / temperature
    far = (y[:, None] - y[None]).abs()
    for i in range(n):
        for j in range(n):
            if i == j:
                continue
            kept = [k for k in range(n) if k != i and far[i, k] >= far[i, j]]
            total = total + torch.logsumexp(scores[i, kept], 0) - scores[i, j]
    return total / (n * (n - 1))


def rank_n_contrast_values(generator):
    x = torch.randn(10, 4, generator=generator).requires_grad_()
    y = torch.randint(6, (10,), generator=generator).double()
    loss = rank_n_contrast(x, y, 2.0)
    loss.backward()
    return dict(x=x, y=y, temperature=2.0, loss=loss, dx=x.grad)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
        here, "..", "tests", "testthat", "fixtures")
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(23)
    generator = torch.Generator().manual_seed(23)
    arrays = draw_arrays(generator)
    shown = copy.deepcopy(arrays)

    def squares(networks, own, items, drawn):
        z = place_pairs(networks, arrays, items)
        return (networks["head"](z)[:, 0] - arrays["y"][items]).square().mean()

    def captions(published):
        return lambda networks, own, items, drawn: captions_loss(
            networks, own, arrays, items, drawn, published)

    cases = dict(
        pairs=lambda: train(arrays, True, False, squares, generator),
        captions=lambda: train(arrays, True, True, captions(False), generator),
        published=lambda: train(arrays, False, True, captions(True), generator),
        rank=lambda: rank_n_contrast_values(generator))
    for name, values in cases.items():
        write_fixture(folder, dict(
            case="response-" + name, made_by="tools/golden_response.py",
            torch=torch.__version__, learning_rate=RATE, weight_decay=DECAY,
            **({} if name == "rank" else dict(arrays=shown)), **values()))


if __name__ == "__main__":
    main()
