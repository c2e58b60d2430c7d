"""Hard negatives: candidates made to look like the best one of a session, and worse than it by construction.

Source: FENRec (AAAI 2025, github uikdwnd/FENRec), whose enduring hard negatives mix an anchor into a negative,

    u = lambda h / |h| + (1 - lambda) n / |n|,    n* = |n| u / |u|,    so that cos(h, n*) >= cos(h, n),

let none of it be differentiated, count them a tenth in the softmax, and begin after a warm-up. Embeddings are data
here, so nothing flows back through them anyway. In feature space a negative is the best candidate itself with its
deciding attribute flipped, which no mixing of vectors gives: retired by a newer memory, or long out of date.
"""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from memento.catalog import Catalog, Row
from memento.train.lesson import Draws, Lesson, join
from memento.vary.parameters import Parameterised, parameter

CATALOG = Catalog(
    "kind of negatives",
    {"fenrec": Row("memento.train.negatives:Fenrec", "negatives mixed with the best candidate, or its flipped copies")},
)
"""Every kind of hard negatives by name."""

FLOOR = -0.3
"""The least label that there is: Signet's of a deleted memory."""


@dataclasses.dataclass(frozen=True)
class Fenrec(Parameterised):
    """`count` hard negatives a session in each space.

    In embedding space a negative keeps the columns and the label of a candidate of the same session that is
    at least `below` the best one, and gets a mixed embedding. In feature space it keeps all of the best
    candidate but one thing, ``superseded`` or ``stale`` in turn, and its label is the best less `penalty`.
    In either, what earlier sessions showed stays that of the candidate whose columns it keeps.
    """

    what: ClassVar[str] = "kind of negatives"
    hint: ClassVar[str] = "`memento recipes --list` lists them with their parameters"
    name: ClassVar[str] = "fenrec"

    space: str = parameter("both", "where they are made", kind="text", choices=("both", "embedding", "feature"))
    count: int = parameter(2, "negatives of a session in each space", kind="int", low=1, high=50)
    mix: float = parameter(0.4, "lambda: the share of the best candidate in a mixed embedding")
    weight: float = parameter(0.1, "how much a negative counts in the loss", low=1e-6)
    warmup: int = parameter(10, "epochs before the first negative; 20 in the original", kind="int", high=10_000)
    below: float = parameter(0.2, "how far below the best label the label of a mixed negative lies at least")
    penalty: float = parameter(0.3, "what a flipped copy loses of its label")

    def apply(self, lesson: Lesson, draws: Draws) -> Lesson:
        """The lesson with hard negatives behind its candidates; before the warm-up is over, the lesson itself."""
        if draws.epoch < self.warmup:
            return lesson
        made = lesson
        if self.space in ("both", "embedding"):
            made = self._mixed(made, lesson, draws)
        if self.space in ("both", "feature"):
            made = self._flipped(made, lesson, draws)
        return made

    def _mixed(self, made: Lesson, lesson: Lesson, draws: Draws) -> Lesson:
        assert lesson.labels is not None
        row = torch.arange(len(lesson.mask), device=lesson.mask.device)  # (B,)
        target = lesson.target  # (B,)
        best = lesson.labels[row, target].unsqueeze(-1)  # (B, 1)
        embedded = (lesson.candidates != 0).any(-1)  # (B, C)
        fit = lesson.region & (lesson.counts > 0) & (lesson.labels <= best - self.below) & embedded  # (B, C)
        fit = fit & embedded[row, target].unsqueeze(-1)  # (B, C)
        count = min(self.count, fit.shape[1])
        waits = draws.matrix("negatives", fit.shape[1]).masked_fill(~fit, torch.inf)  # (B, C)
        found, at = waits.topk(count, largest=False)  # (B, K)
        row = row.unsqueeze(-1)  # (B, 1)
        negatives = lesson.candidates[row, at]  # (B, K, D)
        there = found < torch.inf  # (B, K)
        return join(
            made,
            features=lesson.features[row, at],
            mask=there,
            candidates=mixed(lesson.candidates[row, target.unsqueeze(-1)], negatives, self.mix),
            labels=lesson.labels[row, at],
            weights=there * lesson.features.new_tensor(self.weight),
            **_past(lesson, row, at),
        )

    def _flipped(self, made: Lesson, lesson: Lesson, draws: Draws) -> Lesson:
        assert lesson.labels is not None
        row = torch.arange(len(lesson.mask), device=lesson.mask.device)  # (B,)
        target = lesson.target  # (B,)
        best = lesson.labels[row, target]  # (B,)
        features = lesson.features[row, target].unsqueeze(1).repeat(1, self.count, 1)  # (B, K, 17)
        age = features[..., 0]  # (B, K)
        oldest = lesson.features[..., 0].amax(-1, keepdim=True)  # (B, 1)
        stale = torch.arange(self.count, device=age.device) % 2 == 1  # (K,)
        # A retired memory is older than what retired it: by up to twice its age. A stale one is older than all here.
        older = age + draws.matrix("negatives age", self.count).to(age) * 0.7  # (B, K)
        features[..., 0] = torch.where(stale, torch.maximum(oldest, age) + 0.7, older)
        features[..., 11] = torch.where(stale, features[..., 11], 1.0)
        labels = (best - self.penalty).clamp_min(FLOOR).unsqueeze(-1).expand(-1, self.count)  # (B, K)
        # A copy of what is retired already would be no worse for being retired.
        there = stale | (lesson.features[row, target, 11] == 0).unsqueeze(-1)  # (B, K)
        return join(
            made,
            features=features * there.unsqueeze(-1),
            mask=there,
            candidates=lesson.candidates[row, target].unsqueeze(1) * there.unsqueeze(-1),
            labels=labels * there,
            weights=there * lesson.features.new_tensor(self.weight),
            **_past(lesson, row.unsqueeze(-1), target.unsqueeze(-1).expand(-1, self.count)),
        )


def _past(lesson: Lesson, row: Tensor, at: Tensor) -> dict[str, Tensor]:
    """What earlier sessions showed of the candidates that negatives are made of, at places `at` (B, K) of `row`."""
    return {} if lesson.inputs is None else {"inputs": lesson.inputs[row, at]}  # (B, K, I)


def mixed(anchor: Tensor, negative: Tensor, share: float) -> Tensor:
    """``|n| u / |u|`` with ``u = share h / |h| + (1 - share) n / |n|``; shapes that broadcast, (…, D)."""
    length = negative.norm(dim=-1, keepdim=True)  # (…, 1)
    towards = share * functional.normalize(anchor, dim=-1) + (1.0 - share) * functional.normalize(negative, dim=-1)
    made: Tensor = length * functional.normalize(towards, dim=-1)  # (…, D)
    return made.detach()
