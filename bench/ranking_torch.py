#!/usr/bin/python3
"""A PyTorch loop that ranks pair by pair, peer of bench/ranking-speed.R.

    ranking_torch.py --genes 20000 --features 700 --seconds 10 --threads 2

Trains the scorer of learn_ranking() (64 and 32 hidden units, layer
normalisation, GELU, dropout 0.3) by AdamW on batches of pairs, scoring both
genes of each pair, and prints the pairs that it trains on in a second for each
size of batch, in single precision.
"""

import argparse
import time

import torch
from torch import nn
from torch.nn import functional as F


def scorer(n_in):
    def block(a, b):
        return [nn.Linear(a, b), nn.LayerNorm(b), nn.GELU(), nn.Dropout(0.3)]
    return nn.Sequential(
        *block(n_in, 64), *block(64, 32), nn.Linear(32, 1))


def pairs_per_second(x, y, batch, seconds):
    model = scorer(x.shape[1])
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    n_pairs, start, warm = 0, None, 5
    while start is None or time.perf_counter() - start < seconds:
        a = torch.randint(len(x), (batch,))
        b = torch.randint(len(x), (batch,))
        logits = model(x[a])[:, 0] - model(x[b])[:, 0]
        loss = F.binary_cross_entropy_with_logits(
            logits, (y[a] > y[b]).float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        warm -= 1
        if warm == 0:
            start = time.perf_counter()
        elif start is not None:
            n_pairs += batch
    return n_pairs / (time.perf_counter() - start)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--genes", type=int, default=20000)
    parser.add_argument("--features", type=int, default=700)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batches", type=int, nargs="+", default=[32, 512])
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(1)
    x = torch.randn(given.genes, given.features)
    y = x[:, 0] + torch.randn(given.genes)
    for batch in given.batches:
        rate = pairs_per_second(x, y, batch, given.seconds)
        print(batch, rate, flush=True)


if __name__ == "__main__":
    main()
