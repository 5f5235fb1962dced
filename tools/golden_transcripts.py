#!/usr/bin/python3
"""Golden values of the task on sets of sequences.

    python3 tools/golden_transcripts.py [folder]

writes golden-transcripts.json into the folder (default
tests/testthat/fixtures), in double precision: ten steps of AdamW on whole
sequences of sets of one or two, whose two views are then known but for their
order, on which the decoupled loss with one sum does not depend. The README
there lists the fields.
"""

import os
import sys

import torch
from torch import nn
from torch.nn import functional as F

from golden import flat, write_fixture
from golden_parts import decoupled

LENGTHS = [16, 32, 48, 64, 96, 128]
N_SETS, N_STEPS, BATCH = 12, 10, 8
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


def run(generator):
    def below(n):
        return int(torch.randint(n, (1,), generator=generator))

    sizes = [1 + (i % 3 > 0) for i in range(N_SETS)]
    sets = [i for i, size in enumerate(sizes) for _ in range(size)]
    sequences = ["".join("ACGT"[below(4)] for _ in range(12 + below(90)))
                 for _ in sets]
    rows = [one_hot(sequence) for sequence in sequences]
    members = [[j for j, own in enumerate(sets) if own == i]
               for i in range(N_SETS)]
    weight = torch.log(torch.tensor(sizes) + 0.4)
    weight = weight / weight.mean()

    encoder = Encoder()
    projector = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))
    parameters = [*encoder.parameters(), *projector.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=RATE, weight_decay=DECAY)
    start = flat(parameters).clone()
    losses, batches, first_gradient = [], [], None
    for _ in range(N_STEPS):
        items = torch.randperm(N_SETS, generator=generator)[:BATCH].tolist()
        views = [members[i][0] for i in items] + [
            members[i][-1] for i in items]
        encoded = torch.cat([encoder(rows[j]) for j in views])
        target = torch.stack(
            [torch.tensor(items).double(), weight[items]], 1).repeat(2, 1)
        loss = decoupled(projector(encoded), target, TEMPERATURE, True)
        optimizer.zero_grad()
        loss.backward()
        if first_gradient is None:
            first_gradient = flat([p.grad for p in parameters]).clone()
        optimizer.step()
        losses.append(loss.item())
        batches.append(items)
    return dict(
        case="transcripts", made_by="tools/golden_transcripts.py",
        torch=torch.__version__, learning_rate=RATE, weight_decay=DECAY,
        id=[f"t{i + 1}" for i in range(len(sets))], sequence=sequences,
        set=[i + 1 for i in sets], items=batches, parameters_start=start,
        gradient_start=first_gradient, losses=losses,
        parameters_end=flat(parameters),
        encoding=torch.cat([encoder(row) for row in rows]))


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
        here, "..", "tests", "testthat", "fixtures")
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(17)
    write_fixture(folder, run(torch.Generator().manual_seed(17)))


if __name__ == "__main__":
    main()
