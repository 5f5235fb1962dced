#!/usr/bin/python3
"""SCARF, VIME and BYOL in PyTorch, peer of bench/samples-vs-torch.R.

    samples_torch.py x.f32 ROWS COLUMNS --method scarf --threads 2 --seconds 5

Trains with the settings of Dradjat et al. 2025 (method_*("paper") of kith) on
the rows of x, single precision, and prints the median seconds of a step. What
is corrupted is drawn for whole batches at once, without loops over rows.
"""

import argparse
import copy
import statistics
import time

import numpy
import torch
from torch import nn
from torch.nn import functional as F


def encoder(n_in, widths=(256,) * 4, dropout=0.2):
    layers = []
    for width in widths:
        layers += [nn.Linear(n_in, width), nn.BatchNorm1d(width), nn.ReLU(),
                   nn.Dropout(dropout)]
        n_in = width
    return nn.Sequential(*layers)


def head(n_in, hidden, n_out, dropout=0):
    layers = [nn.Linear(n_in, hidden), nn.BatchNorm1d(hidden), nn.ReLU()]
    if dropout:
        layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers, nn.Linear(hidden, n_out))


def decoder(n_out):
    layers = []
    for _ in range(4):
        layers += [nn.Linear(256, 256), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(256, n_out))


class Scarf:
    batch = 256

    def __init__(self, x):
        self.x = x
        self.low, self.high = x.min(0).values, x.max(0).values
        self.count = int(0.3 * x.shape[1])
        self.nets = [encoder(x.shape[1]), head(256, 256, 256)]
        self.optimizer = torch.optim.Adam(parameters(self.nets), lr=1e-4)

    def loss(self, items):
        clean = self.x[items]
        chosen = torch.rand(clean.shape).topk(self.count, dim=1).indices
        mask = torch.zeros(clean.shape, dtype=torch.bool)
        mask.scatter_(1, chosen, True)
        drawn = self.low + torch.rand(clean.shape) * (self.high - self.low)
        views = [clean, torch.where(mask, drawn, clean)]
        encode, project = self.nets
        z = F.normalize(torch.cat([project(encode(v)) for v in views]))
        scores = z @ z.T
        scores.fill_diagonal_(-torch.inf)
        n = len(z)
        return F.cross_entropy(scores, (torch.arange(n) + n // 2) % n)

    def stepped(self):
        pass


class Vime:
    batch = 32

    def __init__(self, x):
        self.x = x
        order = torch.rand(x.shape).argsort(0)
        mask = torch.rand(x.shape) < 0.3
        self.corrupted = torch.where(mask, x.gather(0, order), x)
        self.nets = [encoder(x.shape[1]), decoder(x.shape[1]),
                     decoder(x.shape[1])]
        self.optimizer = torch.optim.RMSprop(
            parameters(self.nets), lr=1e-3, alpha=0.9, eps=1e-7)

    def loss(self, items):
        clean, corrupted = self.x[items], self.corrupted[items]
        encode, find_mask, find_values = self.nets
        encoded = encode(corrupted)
        mask = (clean != corrupted).float()
        return (F.binary_cross_entropy_with_logits(find_mask(encoded), mask)
                + 2 * F.mse_loss(find_values(encoded), clean))

    def stepped(self):
        pass


class Byol:
    batch = 32

    def __init__(self, x):
        self.x = x
        self.nets = [encoder(x.shape[1]), head(256, 4096, 256, 0.2),
                     head(256, 4096, 256, 0.2)]
        self.targets = copy.deepcopy(self.nets[:2])
        self.optimizer = torch.optim.SGD(
            parameters(self.nets), lr=1e-4, momentum=0.9)

    def loss(self, items):
        clean = self.x[items]
        mask = torch.rand(clean.shape) < 0.3
        other = clean.gather(0, torch.rand(clean.shape).argsort(0))
        views = torch.cat([clean, torch.where(mask, other, clean)])
        encode, project, predict = self.nets
        q1, q2 = predict(project(encode(views))).chunk(2)
        with torch.no_grad():
            t1, t2 = self.targets[1](self.targets[0](views)).chunk(2)
        return (4 - 2 * F.cosine_similarity(q1, t2)
                - 2 * F.cosine_similarity(q2, t1)).mean()

    def stepped(self):
        with torch.no_grad():
            torch._foreach_mul_(parameters(self.targets), 0.9)
            torch._foreach_add_(
                parameters(self.targets), parameters(self.nets[:2]),
                alpha=0.1)


def parameters(nets):
    return [p for net in nets for p in net.parameters()]


def step_seconds(method, n_rows, seconds):
    taken, warm_up = [], 3
    begun = time.perf_counter()
    while len(taken) < 8 or time.perf_counter() - begun < seconds:
        items = torch.randint(n_rows, (method.batch,))
        start = time.perf_counter()
        loss = method.loss(items)
        method.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        method.optimizer.step()
        method.stepped()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken[warm_up:])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("rows", type=int)
    parser.add_argument("columns", type=int)
    parser.add_argument("--method", choices=["scarf", "vime", "byol"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=5)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(1)
    x = torch.from_numpy(numpy.fromfile(given.file, numpy.float32))
    x = x.reshape(given.rows, given.columns)
    method = dict(scarf=Scarf, vime=Vime, byol=Byol)[given.method](x)
    print(step_seconds(method, given.rows, given.seconds))


if __name__ == "__main__":
    main()
