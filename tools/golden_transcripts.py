#!/usr/bin/python3
"""Golden values of the tasks on sequences.

    python3 tools/golden_transcripts.py [folder]

writes two files into the folder (default tests/testthat/fixtures), in double
precision, of ten steps of AdamW on whole sequences each. The README there lists
the fields.

golden-transcripts.json: sets of one or two, whose two views are known but for
their order, on which the decoupled loss with one sum does not depend.
golden-transcripts-labels.json: weighted cross-entropy of a head on the encoder.
"""

import os
import sys

import torch
from torch import nn
from torch.nn import functional as F

from golden import flat, write_fixture
from golden_parts import decoupled

LENGTHS = [16, 32, 48, 64, 96, 128]
N_SETS, N_LABELLED, N_STEPS, BATCH = 12, 16, 10, 8
RATE, DECAY, TEMPERATURE = 3e-3, 1e-2, 0.2


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(4, 5, 3, padding=1)
        self.linear = nn.Linear(5, 4)

    def forward(self, row):
        y = F.max_pool1d(F.relu(self.conv(row)), 2)
        return self.linear(y.mean(2))


def one_hot(sequence):
    """1 x 4 x positions, padded to the next of the lengths."""
    positions = next(n for n in LENGTHS if n >= len(sequence))
    row = torch.zeros(1, 4, positions)
    for i, letter in enumerate(sequence):
        row[0, "ACGT".index(letter), i] = 1
    return row


def below(n, generator):
    return int(torch.randint(n, (1,), generator=generator))


def random_sequence(generator):
    return "".join("ACGT"[below(4, generator)]
                   for _ in range(12 + below(90, generator)))


def train(parameters, loss_of, n_items, generator):
    """Ten steps on random batches; the fields of a fixture that follow."""
    optimizer = torch.optim.AdamW(parameters, lr=RATE, weight_decay=DECAY)
    start = flat(parameters).clone()
    losses, batches, first_gradient = [], [], None
    for _ in range(N_STEPS):
        items = torch.randperm(n_items, generator=generator)[:BATCH].tolist()
        loss = loss_of(items)
        optimizer.zero_grad()
        loss.backward()
        if first_gradient is None:
            first_gradient = flat([p.grad for p in parameters]).clone()
        optimizer.step()
        losses.append(loss.item())
        batches.append(items)
    return dict(
        made_by="tools/golden_transcripts.py", torch=torch.__version__,
        learning_rate=RATE, weight_decay=DECAY, items=batches,
        parameters_start=start, gradient_start=first_gradient, losses=losses,
        parameters_end=flat(parameters))


def run_sets(generator):
    sizes = [1 + (i % 3 > 0) for i in range(N_SETS)]
    sets = [i for i, size in enumerate(sizes) for _ in range(size)]
    sequences = [random_sequence(generator) for _ in sets]
    rows = [one_hot(sequence) for sequence in sequences]
    members = [[j for j, own in enumerate(sets) if own == i]
               for i in range(N_SETS)]
    weight = torch.log(torch.tensor(sizes) + 0.4)
    weight = weight / weight.mean()
    encoder = Encoder()
    projector = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))

    def loss_of(items):
        views = [members[i][0] for i in items] + [
            members[i][-1] for i in items]
        encoded = torch.cat([encoder(rows[j]) for j in views])
        target = torch.stack(
            [torch.tensor(items).double(), weight[items]], 1).repeat(2, 1)
        return decoupled(projector(encoded), target, TEMPERATURE, True)

    parameters = [*encoder.parameters(), *projector.parameters()]
    return dict(
        case="transcripts", id=[f"t{i + 1}" for i in range(len(sets))],
        sequence=sequences, set=[i + 1 for i in sets],
        **train(parameters, loss_of, N_SETS, generator),
        encoding=torch.cat([encoder(row) for row in rows]))


def run_labels(generator):
    sequences = [random_sequence(generator) for _ in range(N_LABELLED)]
    rows = [one_hot(sequence) for sequence in sequences]
    classes = torch.tensor([i % 3 for i in range(N_LABELLED)])
    weight = torch.tensor([0.5, 1.0, 2.0, 1.5] * (N_LABELLED // 4))
    encoder, head = Encoder(), nn.Linear(4, 3)

    def loss_of(items):
        encoded = torch.cat([encoder(rows[j]) for j in items])
        each = F.cross_entropy(
            head(encoded), classes[items], reduction="none")
        return (each * weight[items]).sum() / weight[items].sum()

    return dict(
        case="transcripts-labels",
        id=[f"t{i + 1}" for i in range(N_LABELLED)], sequence=sequences,
        y=classes.tolist(), weight=weight.tolist(),
        **train([*encoder.parameters(), *head.parameters()], loss_of,
                N_LABELLED, generator),
        encoding=torch.cat([encoder(row) for row in rows]))


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
        here, "..", "tests", "testthat", "fixtures")
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    for run in (run_sets, run_labels):
        torch.manual_seed(17)
        write_fixture(folder, run(torch.Generator().manual_seed(17)))


if __name__ == "__main__":
    main()
