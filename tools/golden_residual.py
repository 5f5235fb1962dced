#!/usr/bin/python3
"""Golden values of dilated residual networks.

    python3 tools/golden_residual.py [folder]

writes golden-residual.json into the folder (default tests/testthat/fixtures),
in double precision. The README there lists the fields.
"""

import os
import sys

import torch
from torch import nn
from torch.nn import functional as F

from golden import flat, write_fixture
from golden_parts import (
    by_channel, by_position, conv_values, norm_state, same_padding)

EPSILON, SHARE = 0.01, 0.1


def norm(n):
    return nn.BatchNorm1d(n, eps=EPSILON, momentum=SHARE)


class Conv(nn.Conv1d):
    """With the "same" padding of TensorFlow."""

    def forward(self, x):
        missing = (self.kernel_size[0] - 1) * self.dilation[0]
        return super().forward(same_padding(x, missing))


class Block(nn.Module):
    """Two convolutions with a ReLU each, beside a shortcut."""

    def __init__(self, n_in, n_out, width, dilation, pool):
        super().__init__()
        self.conv1 = Conv(n_in, n_out, width, dilation=dilation)
        self.norm1 = norm(n_out)
        self.conv2 = Conv(n_out, n_out, width, dilation=dilation)
        self.norm2 = norm(n_out)
        self.shortcut = nn.Identity() if n_in == n_out else nn.Sequential(
            Conv(n_in, n_out, 1), norm(n_out))
        self.pool = pool

    def forward(self, x):
        y = F.relu(self.norm1(F.relu(self.conv1(x))))
        y = self.norm2(F.relu(self.conv2(y)))
        return F.max_pool1d(F.relu(self.shortcut(x) + y), self.pool)


class Whole(nn.Module):
    """Two stages of two blocks: 2 and 3 filters, dilation 1 and 2."""

    def __init__(self, n_in, width):
        super().__init__()
        self.stem = nn.Sequential(
            Conv(n_in, 2, width), norm(2), nn.MaxPool1d(2))
        self.blocks = nn.Sequential(
            Block(2, 2, width, 1, 2), Block(2, 2, width, 1, 1),
            Block(2, 3, width, 2, 2), Block(3, 3, width, 2, 1))

    def forward(self, x):
        return self.blocks(self.stem(x)).mean(2, keepdim=True)


def network_values(draw, network, n_in, positions, **settings):
    """A training pass of drawn parameters, scales near 1."""
    for p in network.parameters():
        p.data = 0.5 * draw(*p.shape)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.weight.data += 1
    x = draw(2, positions * n_in).requires_grad_()
    y = by_position(network(by_channel(x, n_in)))
    dy = draw(*y.shape)
    y.backward(dy)
    parameters = list(network.parameters())
    network.eval()
    values = dict(
        settings, n_in=n_in, positions=positions, x=x,
        parameters=flat(parameters), dy=dy, y=y, dx=x.grad,
        dparameters=flat([p.grad for p in parameters]),
        state=norm_state(network))
    return dict(values, y_later=by_position(network(by_channel(x, n_in))))


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
        here, "..", "tests", "testthat", "fixtures")
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    generator = torch.Generator().manual_seed(41)

    def draw(*shape):
        return torch.randn(*shape, generator=generator)

    def block(n_in, n_out, width, dilation, pool):
        return network_values(
            draw, Block(n_in, n_out, width, dilation, pool), n_in, 8,
            n_out=n_out, width=width, dilation=dilation, pool=pool)

    path, size = write_fixture(folder, dict(
        case="residual", made_by="tools/golden_residual.py",
        torch=torch.__version__, epsilon=EPSILON, share=SHARE,
        convolutions=[
            conv_values(draw, 9, 3, 2, 2, 1), conv_values(draw, 9, 3, 2, 2, 2),
            conv_values(draw, 9, 3, 2, 2, 4), conv_values(draw, 9, 3, 2, 4, 1)],
        blocks=[block(3, 3, 2, 2, 1), block(3, 4, 2, 1, 1),
                block(3, 3, 4, 1, 2), block(2, 3, 2, 4, 2)],
        network=network_values(draw, Whole(3, 2), 3, 16, width=2)))
    print(path, size)


if __name__ == "__main__":
    main()
