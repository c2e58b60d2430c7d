"""The regenerator: a transformer that tells patterns from a sequence, in K ways.

The memory of an encoder passes an MLP to K memories; which of them is decoded from is read, while it
learns, from the pattern it is to tell, by a Gumbel-softmax whose temperature falls. Sizes and
schedules are those of the released code (USTC-StarTeam/DR4SR, Yin et al. 2024). The table of items
is learned first as a causal next-item model (SASRec, Kang and McAuley 2018) and goes on learning.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from memento import rng
from memento.synthesis.dr4sr.sequences import LONGEST, PAD, Ints, padded
from memento.train.threads import one_thread

WIDTH, HEADS, LAYERS, INNER, DROPOUT = 64, 2, 2, 256, 0.5
BATCH, RATE, BETAS, EPSILON = 256, 1e-3, (0.9, 0.98), 1e-9
COOLING, COLDEST = 0.995, 0.1

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Settings:
    """How a regenerator is made: K memories, passes over the pairs, passes of the table of items, and the seed."""

    k: int = 5
    epochs: int = 40
    pretrain: int = 10
    seed: int = 0


class Regenerator(nn.Module):
    """V items, K memories; ids are 0 padding, 1 .. V items, V + 1 the start, V + 2 the end."""

    def __init__(self, items: int, k: int) -> None:
        super().__init__()
        self.items, self.k = items, k
        self.start, self.end = items + 1, items + 2
        self.table = nn.Embedding(items + 3, WIDTH, padding_idx=PAD)
        self.places = nn.Embedding(LONGEST + 1, WIDTH)
        nn.init.normal_(self.table.weight, std=WIDTH**-0.5)
        nn.init.normal_(self.places.weight, std=0.02)
        with torch.no_grad():
            self.table.weight[PAD].zero_()
        self.drop = nn.Dropout(DROPOUT)
        self.encoder = _encoder()
        self.reader = _encoder()
        layer = nn.TransformerDecoderLayer(WIDTH, HEADS, INNER, DROPOUT, batch_first=True)
        self.decoder = nn.TransformerDecoder(layer, LAYERS)
        self.memories = nn.Sequential(nn.Linear(WIDTH, INNER), nn.ReLU(), nn.Linear(INNER, k * WIDTH))
        self.chooser = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, k))
        self.tau = 1.0

    def embed(self, ids: Tensor) -> Tensor:
        """Items with their places, (B, L, d)."""
        places = self.places(torch.arange(ids.shape[1]))  # (L, d)
        return self.drop(self.table(ids) * math.sqrt(WIDTH) + places)  # type: ignore[no-any-return]  # (B, L, d)

    def encode(self, sources: Tensor) -> Tensor:
        """The K memories of sequences (B, L): (B, K, L, d)."""
        memory = self.encoder(self.embed(sources), src_key_padding_mask=sources == PAD)  # (B, L, d)
        told = self.memories(memory)  # (B, L, K d)
        return told.view(*memory.shape[:2], self.k, WIDTH).transpose(1, 2)  # type: ignore[no-any-return]  # (B, K, L, d)

    def choose(self, targets: Tensor) -> Tensor:
        """pi: which memory tells each pattern (B, T), by Gumbel-softmax at the present temperature: (B, K)."""
        there = (targets != PAD).unsqueeze(-1).float()  # (B, T, 1)
        read = self.reader(self.embed(targets), src_key_padding_mask=targets == PAD)  # (B, T, d)
        mean = (read * there).sum(1) / there.sum(1)  # (B, d)
        pi = functional.gumbel_softmax(self.chooser(mean), self.tau)  # (B, K)
        self.tau = max(COOLING * self.tau, COLDEST)
        return pi

    def decode(self, memory: Tensor, sources: Tensor, told: Tensor) -> Tensor:
        """Logits of the next id after each of `told` (B, T), from one memory each (B, L, d): (B, T, V + 3)."""
        size = told.shape[1]
        future = torch.triu(torch.ones(size, size, dtype=torch.bool), 1)  # (T, T)
        out = self.decoder(
            self.embed(told), memory, tgt_mask=future, memory_key_padding_mask=sources == PAD
        )  # (B, T, d)
        return out @ self.table.weight.T  # type: ignore[no-any-return]  # (B, T, V + 3)

    def allowed(self, sources: Tensor) -> Tensor:
        """Which ids the restrictive mode may tell: the items of the sequence (B, L), and the end; bool (B, V + 3)."""
        mask = torch.zeros(len(sources), self.items + 3, dtype=torch.bool)  # (B, V + 3)
        mask.scatter_(1, sources, True)
        mask[:, PAD] = False
        mask[:, self.end] = True
        return mask

    def loss(self, sources: Tensor, targets: Tensor) -> Tensor:
        """Mean cross-entropy of targets (B, T), among the items of sources (B, L), plus the entropy of pi."""
        pi = self.choose(targets)  # (B, K)
        memory = torch.einsum("bk,bkld->bld", pi, self.encode(sources))  # (B, L, d)
        begin = torch.full((len(targets), 1), self.start)  # (B, 1)
        told = torch.cat([begin, targets], 1)  # (B, T + 1)
        lengths = (targets != PAD).sum(1, keepdim=True)  # (B, 1)
        wanted = torch.cat([targets, torch.zeros_like(begin)], 1).scatter(1, lengths, self.end)  # (B, T + 1)
        logits = self.decode(memory, sources, told)  # (B, T + 1, V + 3)
        logits = logits.masked_fill(~self.allowed(sources).unsqueeze(1), -1e9)  # (B, T + 1, V + 3)
        crossed = functional.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=PAD)  # ()
        entropy = -(pi * torch.log(pi + 1e-12)).sum(-1).mean()  # ()
        return crossed + entropy


def _encoder() -> nn.TransformerEncoder:
    layer = nn.TransformerEncoderLayer(WIDTH, HEADS, INNER, DROPOUT, batch_first=True)
    return nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)


def pretrain(model: Regenerator, rows: Ints, epochs: int, seed: int) -> None:
    """Learns the table of items as a causal next-item model over sequences (Q, L), by an encoder of its own."""
    body = _encoder()
    parameters = [*body.parameters(), *model.table.parameters(), *model.places.parameters()]
    optimiser = torch.optim.Adam(parameters, RATE, BETAS, EPSILON)
    ids = torch.from_numpy(rows)  # (Q, L)
    size = ids.shape[1] - 1
    future = torch.triu(torch.ones(size, size, dtype=torch.bool), 1)  # (L - 1, L - 1)
    for epoch in range(epochs):
        order = torch.from_numpy(rng.permutation(rng.key(seed, "dr4sr", "pretrain", epoch), len(ids)))  # (Q,)
        for part in torch.split(order, BATCH):
            given, wanted = ids[part, :-1], ids[part, 1:]  # (B, L - 1)
            out = body(model.embed(given), mask=future)  # (B, L - 1, d)
            logits = out @ model.table.weight.T  # (B, L - 1, V + 3)
            loss = functional.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=PAD)  # ()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()


@one_thread()
def train(
    sequences: Sequence[Ints],
    patterns: Sequence[Ints],
    pairs: Ints,
    items: int,
    settings: Settings,
    progress: Progress | None = None,
) -> tuple[Regenerator, list[float]]:
    """A regenerator fitted to (sequence, pattern) pairs (M, 2), and its mean loss in each epoch.

    On the CPU in float32 on one thread, so that the same call gives the same weights on the same build of torch.
    """
    longest = max(map(len, sequences))
    sources = torch.from_numpy(padded([sequences[place] for place in pairs[:, 0]], longest))  # (M, L)
    targets = torch.from_numpy(padded([patterns[place] for place in pairs[:, 1]], max(map(len, patterns))))  # (M, T)
    losses = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(rng.key(settings.seed, "dr4sr", "torch") >> 1)
        model = Regenerator(items, settings.k)
        model.train()
        pretrain(model, padded(list(sequences), longest), settings.pretrain, settings.seed)
        optimiser = torch.optim.Adam(model.parameters(), RATE, BETAS, EPSILON)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(1, settings.epochs))
        for epoch in range(settings.epochs):
            order = rng.permutation(rng.key(settings.seed, "dr4sr", "order", epoch), len(pairs))
            total = 0.0
            for part in torch.split(torch.from_numpy(order), BATCH):
                loss = model.loss(sources[part], targets[part])  # ()
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                total += float(loss.detach()) * len(part)
            schedule.step()
            losses.append(total / max(1, len(pairs)))
            if progress is not None:
                progress(epoch + 1, settings.epochs, f"loss {losses[-1]:.3f}")
    model.eval()
    return model, losses
