"""The model that rows are for: a small next-item model, GRU4Rec (Hidasi et al., ICLR 2016), and how well it ranks.

Every row may weigh more or less in its loss, so that a personaliser can say which of them serve it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from memento import rng
from memento.synthesis.dr4sr.sequences import PAD, Ints, padded
from memento.train.threads import one_thread

WIDTH, DROPOUT = 64, 0.2
BATCH, RATE = 64, 1e-3
TOP = 10
Step = Callable[["Target", int], None]


class Target(nn.Module):
    """V items; ids are 0 padding, 1 .. V items."""

    def __init__(self, items: int) -> None:
        super().__init__()
        self.table = nn.Embedding(items + 1, WIDTH, padding_idx=PAD)
        self.drop = nn.Dropout(DROPOUT)
        self.cell = nn.GRU(WIDTH, WIDTH, batch_first=True)

    def read(self, rows: Tensor) -> Tensor:
        """The state after each item of rows (B, L): (B, L, d)."""
        return self.cell(self.drop(self.table(rows)))[0]  # type: ignore[no-any-return]  # (B, L, d)

    def told(self, rows: Tensor) -> Tensor:
        """The state after the last item of each row (B, L): (B, d)."""
        last = (rows != PAD).sum(1).clamp(min=1) - 1  # (B,)
        return self.read(rows)[torch.arange(len(rows)), last]  # (B, d)

    def losses(self, rows: Tensor) -> Tensor:
        """The mean cross-entropy of the next item within each row (B, L): (B,)."""
        logits = self.read(rows[:, :-1]) @ self.table.weight.T  # (B, L - 1, V + 1)
        wanted = rows[:, 1:]  # (B, L - 1)
        each = functional.cross_entropy(
            logits.transpose(1, 2), wanted, ignore_index=PAD, reduction="none"
        )  # (B, L - 1)
        return each.sum(1) / (wanted != PAD).sum(1).clamp(min=1)  # (B,)

    @torch.no_grad()
    def places(self, rows: Tensor, wanted: Tensor) -> Tensor:
        """The place, from 0, of each wanted item (B,) among all items after rows (B, L); ties count half: (B,)."""
        self.eval()
        scores = self.told(rows) @ self.table.weight[1:].T  # (B, V)
        own = scores.gather(1, wanted.unsqueeze(1) - 1)  # (B, 1)
        return (scores > own).sum(1) + ((scores == own).sum(1) - 1) / 2  # (B,)


@dataclass(frozen=True)
class Ranked:
    """Means over held-out items: NDCG@10 and hit rate@10."""

    ndcg: float
    hits: float


@one_thread()
def fit(
    rows: Sequence[Ints], weights: Sequence[float] | None, items: int, steps: int, seed: int, after: Step | None = None
) -> Target:
    """A model trained on weighted rows for so many steps, whatever their number; `after` is called after each step.

    The same call gives the same weights on the same build of torch.
    """
    ids = torch.from_numpy(padded(list(rows), max(map(len, rows))))  # (R, L)
    weight = torch.ones(len(ids)) if weights is None else torch.tensor(list(weights), dtype=torch.float32)  # (R,)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(rng.key(seed, "dr4sr", "target") >> 1)
        model = Target(items)
        optimiser = torch.optim.Adam(model.parameters(), RATE)
        for step, part in zip(range(steps), batches(len(ids), seed), strict=False):
            model.train()
            loss = (model.losses(ids[part]) * weight[part]).sum() / weight[part].sum().clamp(min=1e-6)  # ()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            if after is not None:
                after(model, step)
    return model


def batches(count: int, seed: int) -> Iterator[Tensor]:
    """Rows in batches, epoch after epoch without an end, each epoch in an order of its own."""
    for epoch in itertools.count():
        order = rng.permutation(rng.key(seed, "dr4sr", "target", epoch), count)
        yield from torch.split(torch.from_numpy(order), BATCH)


def ranked(model: Target, rows: Sequence[Ints], wanted: Ints) -> Ranked:
    """How well a model ranks the item that follows each row among all items."""
    places = model.places(torch.from_numpy(padded(list(rows), max(map(len, rows)))), torch.from_numpy(wanted)).numpy()
    found = places < TOP
    return Ranked(float(np.mean(np.where(found, 1 / np.log2(places + 2), 0.0))), float(found.mean()))
