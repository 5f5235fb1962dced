#!/usr/bin/python3
"""Contrastive association learning in PyTorch, peer of bench/cal-vs-torch.R.

The published recipe (arXiv:2603.20955, sections 1 and 2 of the method) in the
"half" form: f(x) = normalise(a x + (1 - a) g(x)), symmetric InfoNCE over a
batch with f(x_a) as queries and x_b as keys, AdamW, cosine schedule per epoch.

    cal_torch.py init  FOLDER --seed 42
    cal_torch.py steps FOLDER                          (double)
    cal_torch.py train FOLDER --epochs 100 --seed 42 --threads 4 [--watch]
    cal_torch.py time  FOLDER --warm-up 10 --steps 40 --threads 4

Files in FOLDER are raw, little-endian, row by row; the caller writes
    problem.json    n_genes, n_in, n_pairs, n_steps, batch_size
    x.f64           n_genes x n_in, rows of length 1
    pairs.i32       n_pairs x 2, indices from 0      (train, time)
    negatives.i32   any number x 2                   (train --watch)
    batches.i32     n_steps x batch_size x 2         (steps)
and gets back
    parameters.f64  from init: flat, layer by layer, weight (out x in) before
                    bias, scale before shift, the blend's logit last
    steps-losses.f64, steps-parameters.f64
    train-encoding.f32 (n_genes x n_in), train-losses.f64 (one per epoch)
With --watch the half-form AUC of the pairs against the negatives is taken after
each epoch, outside the clock. Each sub-command prints one JSON object. The threads of the BLAS and its build
are the caller's to set: OPENBLAS_NUM_THREADS and LD_LIBRARY_PATH.
"""

import argparse
import ctypes
import json
import os
import statistics
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

HIDDEN = 1024
N_HIDDEN = 3
TEMPERATURE = 0.05
LEARNING_RATE = 3e-4
WEIGHT_DECAY = 1e-4
SMALLEST_BATCH = 8  # a smaller last batch is skipped


# The recipe ------------------------------------------------------------------

class AssociationMLP(nn.Module):
    def __init__(self, n_in):
        super().__init__()
        layers, width = [], n_in
        for _ in range(N_HIDDEN):
            layers += [nn.Linear(width, HIDDEN), nn.LayerNorm(HIDDEN),
                       nn.GELU()]
            width = HIDDEN
        layers += [nn.Linear(width, n_in), nn.LayerNorm(n_in)]
        self.g = nn.Sequential(*layers)
        self.logit = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        share = torch.sigmoid(self.logit)
        return F.normalize(share * x + (1 - share) * self.g(x), dim=-1)

    def in_order(self):
        """Parameters in the flat order of the files: the logit last."""
        return list(self.g.parameters()) + [self.logit]


def symmetric_info_nce(queries, keys):
    scores = queries @ keys.T / TEMPERATURE
    target = torch.arange(len(scores))
    return (F.cross_entropy(scores, target)
            + F.cross_entropy(scores.T, target)) / 2


def make_optimizer(model, foreach=False):
    return torch.optim.AdamW(
        model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY,
        foreach=foreach,
    )


def train_batch(model, optimizer, x, batch):
    """One optimiser step on a batch of pairs; returns its loss."""
    loss = symmetric_info_nce(model(x[batch[:, 0]]), x[batch[:, 1]])
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return loss.item()


def epoch_batches(pairs, batch_size):
    for index in torch.randperm(len(pairs)).split(batch_size):
        if len(index) >= SMALLEST_BATCH:
            yield pairs[index]


# Files -----------------------------------------------------------------------

class Folder:
    def __init__(self, path):
        self.path = path
        with open(self.file("problem.json")) as file:
            self.problem = json.load(file)

    def file(self, name):
        return os.path.join(self.path, name)

    def read(self, name, *shape):
        kind = {"f64": "<f8", "f32": "<f4", "i32": "<i4"}[name[-3:]]
        values = np.fromfile(self.file(name), dtype=kind)
        return torch.from_numpy(values.reshape(shape))

    def write(self, name, values):
        kind = {"f64": "<f8", "f32": "<f4"}[name[-3:]]
        np.asarray(values).astype(kind).tofile(self.file(name))

    def x(self, dtype):
        shape = self.problem["n_genes"], self.problem["n_in"]
        return self.read("x.f64", *shape).to(dtype)

    def pairs(self):
        return self.read("pairs.i32", self.problem["n_pairs"], 2).long()

    def negatives(self):
        return self.read("negatives.i32", -1, 2).long()

    def batches(self):
        shape = self.problem["n_steps"], self.problem["batch_size"], 2
        return self.read("batches.i32", *shape).long()


# What ran, and how much memory it took ---------------------------------------

def peak_mb():
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return float("nan")


def blas_in_use():
    """Path and thread count of the one BLAS that this process has loaded."""
    with open("/proc/self/maps") as file:
        paths = {line.split()[-1] for line in file if "/libopenblas" in line}
    if len(paths) != 1:
        raise SystemExit("expected one libopenblas, found %s" % sorted(paths))
    path = paths.pop()
    return path, ctypes.CDLL(path).openblas_get_num_threads()


def start(options):
    """Sets the threads, checks the BLAS, describes both."""
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    path, threads = blas_in_use()
    if options.expect_blas not in path:
        raise SystemExit("wanted %s, loaded %s" % (options.expect_blas, path))
    return dict(
        torch=torch.__version__, torch_threads=torch.get_num_threads(),
        blas=path, blas_threads=threads)


# Sub-commands ----------------------------------------------------------------

def run_init(folder, options):
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(options.seed)
    model = AssociationMLP(folder.problem["n_in"])
    flat = nn.utils.parameters_to_vector(model.in_order()).detach()
    folder.write("parameters.f64", flat)
    return dict(n_parameters=len(flat))


def run_steps(folder, options):
    torch.set_default_dtype(torch.float64)
    model = AssociationMLP(folder.problem["n_in"])
    nn.utils.vector_to_parameters(
        folder.read("parameters.f64", -1), model.in_order())
    optimizer = make_optimizer(model)
    x = folder.x(torch.float64)
    losses = [train_batch(model, optimizer, x, batch)
              for batch in folder.batches()]
    flat = nn.utils.parameters_to_vector(model.in_order()).detach()
    folder.write("steps-losses.f64", losses)
    folder.write("steps-parameters.f64", flat)
    return dict(losses=losses)


def half_auc(model, x, positives, negatives):
    """AUC of (f(a).b + f(b).a) / 2; ties are not expected."""
    with torch.no_grad():
        f = model(x)
    pairs = torch.cat([positives, negatives])
    a, b = pairs.T
    scores = (f[a] * x[b]).sum(1) + (f[b] * x[a]).sum(1)
    rank = scores.argsort().argsort().double() + 1
    n, m = len(positives), len(negatives)
    return ((rank[:n].sum() - n * (n + 1) / 2) / (n * m)).item()


def run_train(folder, options):
    torch.manual_seed(options.seed)
    x, pairs = folder.x(torch.float32), folder.pairs()
    model = AssociationMLP(folder.problem["n_in"])
    optimizer = make_optimizer(model, options.foreach)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, T_max=options.epochs)
    negatives = folder.negatives() if options.watch else None
    losses, seconds, watched = [], 0.0, []
    for _ in range(options.epochs):
        began = time.perf_counter()
        batches = epoch_batches(pairs, folder.problem["batch_size"])
        losses.append(statistics.fmean(
            train_batch(model, optimizer, x, batch) for batch in batches))
        schedule.step()
        seconds += time.perf_counter() - began
        if options.watch:
            watched.append([seconds, half_auc(model, x, pairs, negatives)])
    with torch.no_grad():
        folder.write("train-encoding.f32", model(x))
    folder.write("train-losses.f64", losses)
    return dict(
        seconds=seconds, watched=watched, final_loss=losses[-1],
        peak_mb=peak_mb(),
        share=torch.sigmoid(model.logit).item())


def run_time(folder, options):
    torch.manual_seed(options.seed)
    x, pairs = folder.x(torch.float32), folder.pairs()
    model = AssociationMLP(folder.problem["n_in"])
    optimizer = make_optimizer(model, options.foreach)
    before_mb, seconds, distinct = peak_mb(), [], []
    while len(seconds) < options.warm_up + options.steps:
        for batch in epoch_batches(pairs, folder.problem["batch_size"]):
            began = time.perf_counter()
            train_batch(model, optimizer, x, batch)
            seconds.append(time.perf_counter() - began)
            distinct.append(len(batch[:, 0].unique()))
    seconds = seconds[options.warm_up:options.warm_up + options.steps]
    return dict(
        median_seconds=statistics.median(seconds),
        mean_seconds=statistics.fmean(seconds), n_steps=len(seconds),
        distinct_anchors=statistics.fmean(distinct),
        start_mb=before_mb, peak_mb=peak_mb())


COMMANDS = dict(init=run_init, steps=run_steps, train=run_train, time=run_time)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("folder")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--warm-up", type=int, default=10)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--threads", type=int, help="threads of PyTorch")
    parser.add_argument("--foreach", action="store_true",
                        help="AdamW over lists of tensors")
    parser.add_argument("--watch", action="store_true",
                        help="AUC of the pairs after each epoch")
    parser.add_argument("--expect-blas", default="",
                        help="stop unless this is part of the BLAS's path")
    options = parser.parse_args()
    about = start(options)
    result = COMMANDS[options.command](Folder(options.folder), options)
    print(json.dumps({**about, **result}))


if __name__ == "__main__":
    main()
