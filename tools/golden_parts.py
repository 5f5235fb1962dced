#!/usr/bin/python3
"""Golden values of layers, losses of predictions, and the tasks of samples.

    python3 tools/golden_parts.py [folder]

writes golden-layers.json, golden-parts.json, golden-positions.json and
golden-samples-<task>.json into the folder (default tests/testthat/fixtures), in
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


def decoupled(z, target, temperature, one_sum):
    """Both directions of two views; target: sets and weights of the rows."""
    views = F.normalize(z).chunk(2)
    n = len(views[0])
    sets, weights = target[:n, 0], target[:n, 1]
    left_out = sets[:, None] == sets[None, :]

    def direction(a, b):
        scores = [(a @ other.T / temperature).masked_fill(left_out, -torch.inf)
                  for other in (a, b)]
        if one_sum:
            negatives = torch.cat(scores, 1).logsumexp(1)
        else:
            negatives = scores[0].logsumexp(1) + scores[1].logsumexp(1)
        positives = (a * b).sum(1) / temperature
        return (negatives - weights * positives).mean()

    return (direction(*views) + direction(*views[::-1])) / 2


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

    def pairs(one_sum, sets, option, weighted):
        z = draw(2 * len(sets), 4)
        weights = torch.ones(len(sets))
        if weighted:
            weights = torch.rand(len(sets), generator=generator) + 0.5
        target = torch.stack([torch.tensor(sets).double(), weights], 1)
        target = torch.cat([target, target])
        return loss_values(
            lambda x: decoupled(x, target, option, one_sum), z, target, option)

    def decoupled_cases(one_sum):
        return [pairs(one_sum, [0, 1, 2, 3, 4], 1.0, False),
                pairs(one_sum, [3, 1, 3, -1, 1, 7], 0.1, True)]

    def cosines():
        target = draw(7, 3)
        return loss_values(
            lambda x: cosine_distance(x, target), draw(7, 3), target, 0)

    return dict(
        squared_error=[loss_values(
            lambda x: F.mse_loss(x, wanted), draw(7, 3), wanted, 0)],
        softmax_cross_entropy=[loss_values(
            lambda x: F.cross_entropy(x, classes[:, 0].long()), draw(9, 4),
            classes, 0)],
        pairwise_logistic=[ranking(0), ranking(1)],
        nt_xent=[views(1.0), views(0.1)],
        cosine_distance=[cosines()],
        decoupled=decoupled_cases(False),
        decoupled_one_sum=decoupled_cases(True),
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
            reduced_values(
                draw, "max_positions", 5, 3, [0, 0],
                lambda x: x.amax(2, keepdim=True)),
        ])


# ---- tasks of samples ----------------------------------------------------


def block(n_in, n_out):
    return nn.Sequential(
        nn.Linear(n_in, HIDDEN), nn.BatchNorm1d(HIDDEN), nn.ReLU(),
        nn.Linear(HIDDEN, n_out),
    )


def cosine_distance(x, target):
    return (2 - 2 * F.cosine_similarity(x, target)).mean()


def run_steps(generator, networks, optimizer, loss_of, stepped=None):
    """Ten steps on drawn batches; networks in the order of the store."""
    parameters = [p for net in networks for p in net.parameters()]
    start = flat(parameters).clone()
    losses, batches, first_gradient = [], [], None
    for _ in range(N_STEPS):
        items = torch.randperm(N_ROWS, generator=generator)[:BATCH]
        loss = loss_of(items)
        optimizer.zero_grad()
        loss.backward()
        if first_gradient is None:
            first_gradient = flat([p.grad for p in parameters]).clone()
        optimizer.step()
        if stepped is not None:
            stepped()
        losses.append(loss.item())
        batches.append(items.tolist())
    return dict(
        items=batches, parameters_start=start, gradient_start=first_gradient,
        losses=losses, parameters_end=flat(parameters))


def all_parameters(networks):
    return [p for net in networks for p in net.parameters()]


def run_contrast(generator, x, corrupted):
    """A pass for each view, NT-Xent, Adam."""
    networks = [block(N_IN, N_OUT), block(N_OUT, 3)]
    encoder, projector = networks
    optimizer = torch.optim.Adam(all_parameters(networks), lr=RATE)

    def loss_of(items):
        views = [projector(encoder(rows[items])) for rows in (x, corrupted)]
        return nt_xent(torch.cat(views), 0.5)

    values = run_steps(generator, networks, optimizer, loss_of)
    state = torch.cat([norm_state(net) for net in networks])
    encoder.eval()
    return dict(values, temperature=0.5, state_end=state, encoding=encoder(x))


def run_bootstrap(generator, x, corrupted):
    """Both views in one pass, a target that follows, SGD."""
    networks = [block(N_IN, N_OUT), block(N_OUT, 3), block(3, 3)]
    encoder, projector, predictor = networks
    targets = [copy.deepcopy(encoder), copy.deepcopy(projector)]
    optimizer = torch.optim.SGD(
        all_parameters(networks), lr=0.05, momentum=0.9)

    def loss_of(items):
        views = torch.cat([x[items], corrupted[items]])
        q1, q2 = predictor(projector(encoder(views))).chunk(2)
        t1, t2 = targets[1](targets[0](views)).detach().chunk(2)
        return cosine_distance(q1, t2) + cosine_distance(q2, t1)

    def stepped():
        with torch.no_grad():
            for target, online in zip(targets, networks):
                pairs = zip(target.state_dict().items(),
                            online.state_dict().values())
                for (name, old), now in pairs:
                    if not name.endswith("num_batches_tracked"):
                        old.mul_(MOMENTUM).add_(now, alpha=1 - MOMENTUM)

    values = run_steps(generator, networks, optimizer, loss_of, stepped)
    # running statistics of the networks, then the target: parameters of both
    # its networks, statistics of both
    state = torch.cat(
        [norm_state(net) for net in networks]
        + [flat(all_parameters(targets))]
        + [norm_state(net) for net in targets])
    encoder.eval()
    return dict(values, momentum=MOMENTUM, learning_rate=0.05, state_end=state,
                encoding=encoder(x))


def run_reconstruct(generator, x, corrupted):
    """Mask and values from corrupted rows, RMSprop."""
    networks = [block(N_IN, N_OUT)] + [
        nn.Sequential(nn.Linear(N_OUT, HIDDEN), nn.ReLU(),
                      nn.Linear(HIDDEN, N_IN)) for _ in range(2)]
    encoder, mask_decoder, value_decoder = networks
    optimizer = torch.optim.RMSprop(
        all_parameters(networks), lr=RATE, alpha=0.9, eps=1e-7)

    def loss_of(items):
        encoded = encoder(corrupted[items])
        mask = (corrupted[items] != x[items]).double()
        return (F.binary_cross_entropy_with_logits(mask_decoder(encoded), mask)
                + 2 * F.mse_loss(value_decoder(encoded), x[items]))

    values = run_steps(generator, networks, optimizer, loss_of)
    state = norm_state(encoder)
    encoder.eval()
    return dict(values, alpha=2, state_end=state, encoding=encoder(x))


def run_labels(generator, x):
    """A head and its encoder, weighted cross-entropy, AdamW."""
    networks = [block(N_IN, N_OUT), nn.Linear(N_OUT, 3)]
    encoder, head = networks
    y = torch.randint(3, (N_ROWS,), generator=generator)
    weight = torch.tensor([0.5, 1.0, 2.5])
    optimizer = torch.optim.AdamW(
        all_parameters(networks), lr=RATE, weight_decay=DECAY)

    def loss_of(items):
        return F.cross_entropy(head(encoder(x[items])), y[items], weight)

    values = run_steps(generator, networks, optimizer, loss_of)
    state = norm_state(encoder)
    encoder.eval()
    return dict(values, y=y.tolist(), weight=weight[y], weight_decay=DECAY,
                state_end=state, encoding=encoder(x))


def run_samples(generator):
    """A fixture for each task, all on the same rows."""
    x = torch.randn(N_ROWS, N_IN, generator=generator)
    other = x[torch.randperm(N_ROWS, generator=generator)]
    mask = torch.rand(N_ROWS, N_IN, generator=generator) < 0.4
    corrupted = torch.where(mask, other, x)
    tasks = dict(
        contrast=run_contrast(generator, x, corrupted),
        bootstrap=run_bootstrap(generator, x, corrupted),
        reconstruct=run_reconstruct(generator, x, corrupted),
        labels=run_labels(generator, x),
    )
    return [
        dict(case="samples-" + name, torch=torch.__version__, hidden=HIDDEN,
             n_out=N_OUT, x=x, corrupted=corrupted,
             **dict(dict(learning_rate=RATE), **values))
        for name, values in tasks.items()
    ]


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
    write_fixture(folder, run_layers())
    write_fixture(
        folder, run_positions(torch.Generator().manual_seed(21)))
    for fixture in run_samples(torch.Generator().manual_seed(22)):
        write_fixture(folder, fixture)


if __name__ == "__main__":
    main()
