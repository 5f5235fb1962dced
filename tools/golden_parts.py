#!/usr/bin/python3
"""Golden values of layers with state, losses of predictions, and two views.

    python3 tools/golden_parts.py [folder]

writes golden-layers.json, golden-parts.json, golden-positions.json and
golden-two-views.json into the folder (default tests/testthat/fixtures), in
double precision. The README there lists the fields; tools/golden.py makes the
other fixtures.
"""

import copy
import os
import sys

import torch
from torch import nn
from torch.nn import functional as F

from golden import flat, loss_in_batch, loss_one_direction, write_fixture

N_ROWS, N_IN, HIDDEN, N_OUT = 20, 6, 8, 4
N_STEPS, BATCH = 10, 12
RATE, DECAY, MOMENTUM = 3e-3, 1e-2, 0.9


def norm_state(model):
    """Running mean and variance of every batch normalisation, in order."""
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm1d)]
    return torch.cat([torch.cat([m.running_mean, m.running_var])
                      for m in norms])


# ---- single layers -------------------------------------------------------

def layer_values(forward, x, parameters, generator):
    """x, parameters, y, upstream gradient dy, dx and the dparameters."""
    x = x.clone().requires_grad_()
    for value in parameters.values():
        value.requires_grad_()
    y = forward(x, **parameters)
    dy = torch.randn(y.shape, generator=generator)
    y.backward(dy)
    return dict(
        x=x, parameters=parameters, dy=dy, y=y, dx=x.grad,
        dparameters={name: p.grad for name, p in parameters.items()},
    )


def blend(x, g, logit):
    share = torch.sigmoid(logit)
    return share * x + (1 - share) * g


def info_nce_values(draw):
    """Losses with the gradients of everything that may carry one."""
    queries, keys = draw(5, 4).requires_grad_(), draw(5, 4).requires_grad_()
    negatives = draw(5, 3, 4).requires_grad_()

    def gradients(loss, **inputs):
        found = torch.autograd.grad(loss, list(inputs.values()))
        return dict(
            temperature=0.1, **inputs, loss=loss,
            **{"d" + name: d for name, d in zip(inputs, found)},
        )

    return dict(
        info_nce_batch=gradients(
            loss_in_batch(queries, keys, 0.1), queries=queries, keys=keys),
        info_nce_negatives=gradients(
            loss_one_direction(queries, keys, negatives, 0.1),
            queries=queries, keys=keys, negatives=negatives),
    )


def run_layers():
    generator = torch.Generator().manual_seed(20)

    def draw(*shape):
        return torch.randn(*shape, generator=generator)

    def one_direction(y, x, parameters):
        return layer_values(y, x, parameters, generator)

    x = draw(5, 7)
    # both tails, both sides of the kink, tiny values
    edges = torch.tensor([
        [-40.0, -8.5, -6.0, -3.0, -1.0, -0.75, -1e-3],
        [-1e-9, 1e-9, 1e-3, 0.5, 0.7518, 1.0, 2.0],
        [3.0, 5.0, 6.0, 8.5, 12.0, 40.0, -0.25],
    ])
    values = dict(
        linear=one_direction(
            F.linear, x, dict(weight=draw(3, 7), bias=draw(3))),
        layer_norm=one_direction(
            lambda x, scale, shift: F.layer_norm(x, (7,), scale, shift, 1e-5),
            2 * x + 1, dict(scale=draw(7), shift=draw(7))),
        gelu=one_direction(F.gelu, edges, {}),
        relu=one_direction(F.relu, edges, {}),
        leaky_relu=one_direction(
            lambda x: F.leaky_relu(x, 0.01), edges, {}),
        normalize=one_direction(
            lambda x: F.normalize(x, dim=-1), 3 * draw(5, 7), {}),
        blend=one_direction(
            blend, x, dict(g=draw(5, 7), logit=torch.tensor([0.3]))),
        **info_nce_values(lambda *s: F.normalize(draw(*s), dim=-1)),
    )
    values["layer_norm"]["eps"] = 1e-5
    values["leaky_relu"]["slope"] = 0.01
    return dict(
        case="layers", made_by="tools/golden_parts.py", torch=torch.__version__,
        **values)


# ---- parts with state, losses ---------------------------------------------


def batchnorm_passes(draw):
    """Two training passes, then one with the running statistics."""
    layer = nn.BatchNorm1d(5)
    with torch.no_grad():
        layer.weight.copy_(draw(5))
        layer.bias.copy_(draw(5))
    passes = []
    for training in (True, True, False):
        layer.train(training)
        layer.zero_grad()
        x, dy = draw(9, 5).requires_grad_(), draw(9, 5)
        y = layer(x)
        y.backward(dy)
        passes.append(dict(
            training=training, x=x, dy=dy, y=y, dx=x.grad,
            dparameters=torch.cat([layer.weight.grad, layer.bias.grad]),
            state=norm_state(layer),
        ))
    return dict(
        parameters=torch.cat([layer.weight, layer.bias]), passes=passes,
    )


def nt_xent(z, temperature):
    unit = F.normalize(z)
    n = len(z)
    scores = unit @ unit.T / temperature
    scores = scores.masked_fill(torch.eye(n, dtype=torch.bool), -torch.inf)
    other = (torch.arange(n) + n // 2) % n
    return F.cross_entropy(scores, other)


def pairwise_logistic(x, target, keep_ties):
    """Binary cross-entropy of x_i - x_j over all pairs i < j."""
    i, j = torch.triu_indices(len(x), len(x), 1)
    order = torch.sign(target[i] - target[j])
    kept = torch.ones_like(i, dtype=torch.bool) if keep_ties else order != 0
    return F.binary_cross_entropy_with_logits(
        (x[i] - x[j])[kept], ((order + 1) / 2)[kept])


def loss_values(loss, x, target, option):
    x = x.clone().requires_grad_()
    value = loss(x)
    value.backward()
    return dict(x=x, target=target, option=option, loss=value, dx=x.grad)


def run_losses(draw, generator):
    classes = torch.randint(4, (9, 1), generator=generator).double()
    ranks = torch.randint(6, (11, 1), generator=generator).double()
    wanted = draw(7, 3)

    def ranking(option):
        return loss_values(
            lambda x: pairwise_logistic(x[:, 0], ranks[:, 0], option),
            draw(11, 1), ranks, option)

    def views(option):
        z = draw(10, 4)
        return loss_values(lambda x: nt_xent(x, option), z, z, option)

    return dict(
        squared_error=[loss_values(
            lambda x: F.mse_loss(x, wanted), draw(7, 3), wanted, 0)],
        softmax_cross_entropy=[loss_values(
            lambda x: F.cross_entropy(x, classes[:, 0].long()), draw(9, 4),
            classes, 0)],
        pairwise_logistic=[ranking(0), ranking(1)],
        nt_xent=[views(1.0), views(0.1)],
    )


# ---- layers that look at positions ---------------------------------------

# Rows hold their positions one after the other, PyTorch's channels come first.


def by_channel(x, n):
    return x.reshape(len(x), -1, n).transpose(1, 2)


def by_position(x):
    return x.transpose(1, 2).reshape(len(x), -1)


def same_padding(x, missing, value=0.0):
    return F.pad(x, (missing // 2, missing - missing // 2), value=value)


def conv_values(draw, positions, n_in, n_out, width, dilation):
    x = draw(2, positions * n_in).requires_grad_()
    weight, bias = draw(n_out, n_in, width), draw(n_out)
    weight.requires_grad_(), bias.requires_grad_()
    padded = same_padding(by_channel(x, n_in), (width - 1) * dilation)
    y = by_position(F.conv1d(padded, weight, bias, dilation=dilation))
    dy = draw(*y.shape)
    y.backward(dy)
    return dict(
        type="conv", positions=positions, n_in=n_in, n_out=n_out,
        option=[width, dilation], x=x, parameters=flat([weight, bias]), dy=dy,
        y=y, dx=x.grad, dparameters=flat([weight.grad, bias.grad]))


def reduced_values(draw, kind, positions, n, option, reduce):
    x = draw(2, positions * n).requires_grad_()
    y = by_position(reduce(by_channel(x, n)))
    dy = draw(*y.shape)
    y.backward(dy)
    return dict(
        type=kind, positions=positions, n_in=n, n_out=0, option=option, x=x,
        parameters=[], dy=dy, y=y, dx=x.grad, dparameters=[])


def run_positions(generator):
    def draw(*shape):
        return torch.randn(*shape, generator=generator)

    def pool_same(x, window):
        missing = -x.shape[2] % window
        return F.max_pool1d(same_padding(x, missing, -torch.inf), window)

    return dict(
        case="positions", made_by="tools/golden_parts.py",
        torch=torch.__version__, cases=[
            conv_values(draw, 7, 2, 3, 3, 1),
            conv_values(draw, 7, 2, 3, 4, 1),
            conv_values(draw, 8, 2, 2, 2, 4),
            conv_values(draw, 9, 1, 2, 5, 2),
            conv_values(draw, 4, 2, 1, 4, 5),
            reduced_values(
                draw, "pool", 8, 2, [3, 0], lambda x: F.max_pool1d(x, 3)),
            reduced_values(
                draw, "pool", 9, 2, [4, 1], lambda x: pool_same(x, 4)),
            reduced_values(
                draw, "mean_positions", 5, 3, [0, 0],
                lambda x: x.mean(2, keepdim=True)),
        ])


# ---- two views -----------------------------------------------------------


def block(n_in, n_out):
    return nn.Sequential(
        nn.Linear(n_in, HIDDEN), nn.BatchNorm1d(HIDDEN), nn.ReLU(),
        nn.Linear(HIDDEN, n_out),
    )


def run_two_views(generator):
    """Ten steps of task two_views; without dropout both views are alike."""
    x = torch.randn(N_ROWS, N_IN, generator=generator)
    encoder, predictor = block(N_IN, N_OUT), block(N_OUT, N_OUT)
    target = copy.deepcopy(encoder)
    both = list(encoder.parameters()) + list(predictor.parameters())
    optimizer = torch.optim.AdamW(both, lr=RATE, weight_decay=DECAY)
    start = flat(both).clone()
    losses, batches, first_gradient = [], [], None
    for _ in range(N_STEPS):
        items = torch.randperm(N_ROWS, generator=generator)[:BATCH]
        rows = x[items]
        predicted, wanted = [], []
        for _ in range(2):
            predicted.append(predictor(encoder(rows)))
            wanted.append(target(rows).detach())
        loss = (F.mse_loss(predicted[0], wanted[1])
                + F.mse_loss(predicted[1], wanted[0])) / 2
        optimizer.zero_grad()
        loss.backward()
        if first_gradient is None:
            first_gradient = flat([p.grad for p in both]).clone()
        optimizer.step()
        with torch.no_grad():
            for old, new in zip(target.parameters(), encoder.parameters()):
                old.mul_(MOMENTUM).add_(new, alpha=1 - MOMENTUM)
        losses.append(loss.item())
        batches.append(items.tolist())
    encoder.eval()
    return dict(
        case="two-views", torch=torch.__version__, hidden=HIDDEN, n_out=N_OUT,
        learning_rate=RATE, weight_decay=DECAY, momentum=MOMENTUM, x=x,
        items=batches, parameters_start=start,
        gradient_start=first_gradient, losses=losses,
        parameters_end=flat(both), encoding=encoder(x),
        # networks' running statistics, target's parameters, its statistics
        state_end=torch.cat([
            norm_state(encoder), norm_state(predictor),
            flat(target.parameters()), norm_state(target)]),
    )


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
        here, "..", "tests", "testthat", "fixtures")
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(13)
    generator = torch.Generator().manual_seed(13)

    def draw(*shape):
        return torch.randn(*shape, generator=generator)

    write_fixture(folder, dict(
        case="parts", torch=torch.__version__, batchnorm=batchnorm_passes(draw),
        losses=run_losses(draw, generator)))
    write_fixture(folder, run_two_views(generator))
    write_fixture(folder, run_layers())
    write_fixture(
        folder, run_positions(torch.Generator().manual_seed(21)))


if __name__ == "__main__":
    main()
