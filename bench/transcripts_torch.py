#!/usr/bin/python3
"""The encoder S of IsoCLR in PyTorch, peer of bench/transcripts-vs-torch.R.

    transcripts_torch.py --rows 64 --positions 4096 --threads 2 --seconds 10

Trains encoder and a linear head with squared error on random sequences of six
tracks, single precision, and prints the median seconds of a step.
"""

import argparse
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F


class Conv(nn.Conv1d):
    """With the "same" padding of TensorFlow."""

    def forward(self, x):
        missing = (self.kernel_size[0] - 1) * self.dilation[0]
        left = missing // 2
        return super().forward(F.pad(x, (left, missing - left)))


class Block(nn.Module):
    def __init__(self, n_in, n_out, dilation, pool):
        super().__init__()
        self.conv1 = Conv(n_in, n_out, 2, dilation=dilation)
        self.norm1 = nn.BatchNorm1d(n_out, eps=0.01)
        self.conv2 = Conv(n_out, n_out, 2, dilation=dilation)
        self.norm2 = nn.BatchNorm1d(n_out, eps=0.01)
        self.shortcut = nn.Identity() if n_in == n_out else nn.Sequential(
            Conv(n_in, n_out, 1), nn.BatchNorm1d(n_out, eps=0.01))
        self.pool = pool

    def forward(self, x):
        y = F.relu(self.norm1(F.relu(self.conv1(x))))
        y = F.dropout(y, 0.1, self.training)
        y = self.norm2(F.relu(self.conv2(y)))
        y = F.relu(self.shortcut(x) + y)
        return F.max_pool1d(y, 2) if self.pool else y


def encoder():
    layers = [Conv(6, 64, 2), nn.BatchNorm1d(64, eps=0.01), nn.MaxPool1d(2)]
    n_in = 64
    for width, dilation in ((64, 1), (128, 2), (128, 4), (256, 8)):
        layers += [Block(n_in, width, dilation, True),
                   Block(width, width, dilation, False)]
        n_in = width
    return nn.Sequential(*layers)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--positions", type=int, default=4096)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(1)
    body, head = encoder(), nn.Linear(256, 1)
    optimizer = torch.optim.AdamW(
        [*body.parameters(), *head.parameters()], lr=1e-4)
    letters = torch.randint(4, (given.rows, given.positions))
    x = torch.zeros(given.rows, 6, given.positions)
    x.scatter_(1, letters[:, None, :], 1.0)
    y = torch.randn(given.rows, 1)
    taken, started = [], time.perf_counter()
    while len(taken) < 2 or time.perf_counter() - started < given.seconds:
        begin = time.perf_counter()
        loss = F.mse_loss(head(body(x).mean(2)), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        taken.append(time.perf_counter() - begin)
    print(statistics.median(taken[1:]))


if __name__ == "__main__":
    main()
