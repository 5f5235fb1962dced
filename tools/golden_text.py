#!/usr/bin/python3
"""Golden values of layers that read texts, and of a text transformer.

    python3 tools/golden_text.py [folder]

writes golden-text.json into the folder (default tests/testthat/fixtures), in
double precision: QuickGELU, attention of padded rows, causal and not, and ten
steps of AdamW of a small transformer. The README there lists the fields.
"""

import os
import sys

import torch
from torch import nn
from torch.nn import functional as F

from golden import flat, write_fixture

N_TOKENS, LONGEST, WIDTH, HEADS, N_LAYERS, N_OUT = 9, 6, 4, 2, 2, 3
N_TEXTS, N_STEPS, RATE, DECAY = 8, 10, 3e-3, 1e-2


class Layer(nn.Module):
    def __init__(self, causal):
        super().__init__()
        self.norm_1 = nn.LayerNorm(WIDTH)
        self.attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        self.norm_2 = nn.LayerNorm(WIDTH)
        self.wide = nn.Linear(WIDTH, 2 * WIDTH)
        self.narrow = nn.Linear(2 * WIDTH, WIDTH)
        self.causal = causal

    def forward(self, x, padding):
        y = self.norm_1(x)
        mask = torch.triu(torch.ones(LONGEST, LONGEST), 1).bool()
        x = x + self.attention(
            y, y, y, need_weights=False, key_padding_mask=padding,
            attn_mask=mask if self.causal else None)[0]
        y = self.wide(self.norm_2(x))
        return x + self.narrow(y * torch.sigmoid(1.702 * y))


class Transformer(nn.Module):
    def __init__(self, causal):
        super().__init__()
        self.token = nn.Embedding(N_TOKENS, WIDTH)
        self.place = nn.Parameter(torch.randn(LONGEST, WIDTH))
        self.layers = nn.ModuleList([Layer(causal) for _ in range(N_LAYERS)])
        self.norm = nn.LayerNorm(WIDTH)
        self.out = nn.Linear(WIDTH, N_OUT)

    def in_order(self):
        return [self.token.weight, self.place, *self.layers.parameters(),
                *self.norm.parameters(), *self.out.parameters()]

    def forward(self, tokens, lengths):
        x = self.token(tokens) + self.place
        padding = torch.arange(LONGEST)[None] >= lengths[:, None]
        for layer in self.layers:
            x = layer(x, padding)
        last = x[torch.arange(len(tokens)), lengths - 1]
        return self.out(self.norm(last))


def transformer(causal, generator):
    model = Transformer(causal)
    tokens = torch.randint(1, N_TOKENS, (N_TEXTS, LONGEST),
                           generator=generator)
    lengths = torch.randint(1, LONGEST + 1, (N_TEXTS,), generator=generator)
    lengths[:2] = torch.tensor([1, LONGEST])
    for i in range(N_TEXTS):
        tokens[i, lengths[i]:] = 0
    target = torch.randn(N_TEXTS, N_OUT, generator=generator)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=RATE, weight_decay=DECAY)
    start, losses = flat(model.in_order()).clone(), []
    for _ in range(N_STEPS):
        loss = (model(tokens, lengths) - target).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return dict(
        tokens=tokens, lengths=lengths, target=target, learning_rate=RATE,
        weight_decay=DECAY, parameters_start=start, losses=losses,
        parameters_end=flat(model.in_order()), y=model(tokens, lengths))


def attention(causal, generator):
    x = torch.randn(3, LONGEST, 3 * WIDTH, generator=generator)
    x.requires_grad_()
    lengths = [LONGEST, 4, 1]
    rows = []
    for row, n in zip(x, lengths):
        q, k, v = (part.reshape(n, HEADS, -1).transpose(0, 1)
                   for part in row[:n].chunk(3, 1))
        scores = q @ k.transpose(1, 2) / (WIDTH / HEADS) ** 0.5
        if causal:
            above = torch.triu(torch.ones(n, n), 1).bool()
            scores = scores.masked_fill(above, -torch.inf)
        y = (scores.softmax(-1) @ v).transpose(0, 1).reshape(n, WIDTH)
        rows.append(F.pad(y, (0, 0, 0, LONGEST - n)))
    y = torch.stack(rows)
    dy = torch.randn(y.shape, generator=generator)
    y.backward(dy)
    return dict(lengths=lengths, x=x.flatten(1), dy=dy.flatten(1),
                y=y.flatten(1), dx=x.grad.flatten(1))


def quickgelu():
    x = torch.tensor([[-50.0, -3.0, -0.6, -1e-3], [1e-3, 0.7, 2.0, 60.0]])
    x.requires_grad_()
    y = x * torch.sigmoid(1.702 * x)
    y.sum().backward()
    return dict(x=x, y=y, dx=x.grad)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
        here, "..", "tests", "testthat", "fixtures")
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(29)
    generator = torch.Generator().manual_seed(29)
    write_fixture(folder, dict(
        case="text", made_by="tools/golden_text.py", torch=torch.__version__,
        quickgelu=quickgelu(),
        attention=dict(all=attention(False, generator),
                       causal=attention(True, generator)),
        transformer=dict(all=transformer(False, generator),
                         causal=transformer(True, generator))))


if __name__ == "__main__":
    main()
