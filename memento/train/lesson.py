"""A batch as a training recipe changes it: some candidates left out, others put in, each counting as much as it may.

Every draw is keyed by (seed, epoch, session), so that a lesson is a function of these alone, however sessions are
batched and wherever training begins.

What a model worked out of candidates ahead of training, `Batch.inputs`, has two parts. One hangs on who stands together
in a session: shares of the largest, who is nearest to the context. A lesson is a session that could have been, and in
use such a session would be given these numbers of the set that it has; so they are worked out anew (`reread`). The
other is what earlier sessions showed of a candidate, which does not hang on who stands beside it: it goes with the
candidate wherever it goes, and what is put in from elsewhere, or cannot be read, has none.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from memento import rng
from memento.models.base import Batch, Model

Ints = npt.NDArray[np.int64]

SESSION_COLUMNS = slice(3, 10)
"""Columns that are equal for all candidates of a session: hour, weekday, month, gap."""
OWN_COLUMNS = (0, 1, 2, 10, 11, 12, 13, 14, 15, 16)
"""Columns of a candidate by itself."""


@dataclass(frozen=True, slots=True)
class Lesson(Batch):
    """A batch whose candidates may count apart.

    `weights` says how much a candidate counts in the loss: 1 in full, 0 for one that is only seen, since
    nothing true can be said about its label. `targets` are what the loss is to teach where that is not the
    labels, and `scored` which sessions it takes, if not all. `views` are two other looks at the same sessions,
    `times` when they ended, `best` the rows of the memories that were their best candidates, and `draws`
    theirs, for a contrast term.
    """

    weights: Tensor | None = None  # (B, C)
    targets: Tensor | None = None  # (B, C)
    scored: Tensor | None = None  # (B,) bool
    views: tuple[Batch, Batch] | None = None
    times: Tensor | None = None  # (B,) float64, s UTC
    best: Tensor | None = None  # (B,) int64
    draws: Draws | None = None

    @property
    def taught(self) -> Tensor:
        """The targets, or the labels where there are none, shape (B, C)."""
        assert self.labels is not None
        return self.labels if self.targets is None else self.targets

    def of(self, rows: Tensor) -> Lesson:
        """Some of its sessions, shape (b,), without their views."""
        found: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        found |= {name: value[rows] for name, value in found.items() if isinstance(value, Tensor)}
        return Lesson(**found | {"views": None})

    @property
    def counts(self) -> Tensor:
        """The weights, 0 for padding, shape (B, C)."""
        known = self.mask.to(self.features)  # (B, C)
        return known if self.weights is None else known * self.weights  # (B, C)

    @property
    def target(self) -> Tensor:
        """The place of the best candidate that counts, the first of equals, shape (B,)."""
        assert self.labels is not None
        return self.labels.masked_fill(self.counts <= 0, -torch.inf).argmax(-1)  # (B,)

    def told(self) -> Lesson:
        """The lesson as a model sees it: what is no candidate of the session's own brought nothing to light.

        A model with a past reads the labels of earlier sessions as what became known of them. Candidates that were
        put in, or do not count, stand there with the mean label of the others, which is to say nothing.
        """
        if self.weights is None or self.labels is None:
            return self
        own = self.counts > 0  # (B, C)
        if self.rows is not None:
            own = own & (self.rows >= 0)
        mean = (self.labels * own).sum(-1, keepdim=True) / own.sum(-1, keepdim=True).clamp_min(1)  # (B, 1)
        return replace(self, labels=torch.where(own, self.labels, mean) * self.mask)

    @property
    def region(self) -> Tensor:
        """All candidates but the target, shape (B, C): what an augmentation may touch."""
        places = torch.arange(self.mask.shape[1], device=self.mask.device)  # (C,)
        return self.mask & (places != self.target.unsqueeze(-1))  # (B, C)


def lesson_of(batch: Batch) -> Lesson:
    """A batch as a lesson in which every candidate counts in full."""
    if isinstance(batch, Lesson):
        return batch
    return Lesson(**{field.name: getattr(batch, field.name) for field in fields(Batch)})


def forgotten(lesson: Lesson, gone: Tensor) -> Tensor | None:
    """The lesson's `inputs` with nothing known where `gone`, (B, C), says so; shape (B, C, I)."""
    return None if lesson.inputs is None else lesson.inputs.masked_fill(gone.unsqueeze(-1), 0.0)


def reread(lesson: Lesson, model: Model) -> Lesson:
    """The lesson with what a model knows ahead worked out of the candidates that now stand in it."""
    with torch.no_grad():
        return replace(lesson, inputs=model.reread(lesson))


def pick(lesson: Lesson, places: Tensor) -> Lesson:
    """Other candidates in each session: those at `places`, shape (B, K), in that order; -1 is padding."""
    kept = places >= 0  # (B, K)
    at = places.clamp_min(0)  # (B, K)
    row = torch.arange(len(places), device=places.device).unsqueeze(-1)  # (B, 1)

    def taken(table: Tensor | None, blank: int = 0) -> Any:
        if table is None:
            return None
        found = table[row, at]  # (B, K, …)
        return found.masked_fill(~kept.reshape(*kept.shape, *[1] * (found.dim() - 2)), blank)  # (B, K, …)

    return replace(
        lesson,
        features=taken(lesson.features),  # (B, K, 17)
        mask=kept & lesson.mask[row, at],  # (B, K)
        candidates=taken(lesson.candidates),  # (B, K, D)
        labels=taken(lesson.labels),  # (B, K)
        clean=taken(lesson.clean),  # (B, K)
        rows=taken(lesson.rows, -1),  # (B, K)
        tokens=taken(lesson.tokens, -1),  # (B, K, T)
        inputs=taken(lesson.inputs),  # (B, K, I)
        weights=taken(lesson.weights),  # (B, K)
    )


def compact(keep: Tensor) -> Tensor:
    """The places of the candidates to keep, in order, shape (B, K) padded with -1; `keep` is (B, C)."""
    order = (~keep).long().argsort(dim=-1, stable=True)  # (B, C)
    count = keep.sum(-1, keepdim=True)  # (B, 1)
    places = torch.arange(keep.shape[1], device=keep.device)  # (C,)
    width = max(1, int(count.max()))
    return torch.where(places < count, order, -1)[:, :width]  # (B, K)


def join(lesson: Lesson, **added: Tensor) -> Lesson:
    """K more candidates in each session, shape (B, K) or (B, K, …) for each table.

    `features`, `mask`, `candidates`, `labels` and `weights` have to be given; `inputs` where a past comes
    with them. New candidates have no rows, and the clean labels that they are given as labels.
    """
    new = added["mask"].shape  # (B, K)
    assert lesson.labels is not None
    grown: dict[str, Any] = {
        "features": torch.cat([lesson.features, added["features"]], 1),  # (B, C + K, 17)
        "mask": torch.cat([lesson.mask, added["mask"]], 1),  # (B, C + K)
        "candidates": torch.cat([lesson.candidates, added["candidates"]], 1),  # (B, C + K, D)
        "labels": torch.cat([lesson.labels, added["labels"]], 1),  # (B, C + K)
        "weights": torch.cat([lesson.counts, added["weights"]], 1),  # (B, C + K)
    }
    if lesson.clean is not None:
        grown["clean"] = torch.cat([lesson.clean, added["labels"]], 1)  # (B, C + K)
    if lesson.rows is not None:
        grown["rows"] = torch.cat([lesson.rows, lesson.rows.new_full(new, -1)], 1)  # (B, C + K)
    if lesson.tokens is not None:
        blank = lesson.tokens.new_full((*new, lesson.tokens.shape[-1]), -1)  # (B, K, T)
        grown["tokens"] = torch.cat([lesson.tokens, blank], 1)  # (B, C + K, T)
    if lesson.inputs is not None:
        known = added.get("inputs", lesson.inputs.new_zeros(*new, lesson.inputs.shape[-1]))  # (B, K, I)
        grown["inputs"] = torch.cat([lesson.inputs, known], 1)  # (B, C + K, I)
    return replace(lesson, **grown)


class Draws:
    """Uniform draws of one epoch, keyed by (seed, what for, epoch, session)."""

    def __init__(self, seed: int, epoch: int, sessions: Ints, device: torch.device | None = None) -> None:
        self.seed = seed
        self.epoch = epoch
        self.sessions = np.asarray(sessions, np.int64).astype(np.uint64)
        self.device = device

    def keys(self, name: str) -> rng.Keys:
        """One key for each session, shape (B,)."""
        return rng.pair_keys(rng.key(self.seed, "recipe", name, self.epoch), self.sessions)

    def uniform(self, name: str) -> Tensor:
        """One draw for each session, shape (B,)."""
        return self._tensor(rng.uniform(self.keys(name)))  # (B,)

    def matrix(self, name: str, width: int) -> Tensor:
        """`width` draws for each session, shape (B, width); a wider matrix begins with the narrower one."""
        keys = rng.pair_keys(self.keys(name)[:, None], np.arange(width, dtype=np.uint64))
        return self._tensor(rng.uniform(keys))  # (B, width)

    def normal(self, name: str, width: int) -> Tensor:
        """`width` draws for each session from the normal distribution, shape (B, width)."""
        keys = rng.pair_keys(self.keys(name)[:, None], np.arange(width, dtype=np.uint64))
        return self._tensor(rng.normal(keys))  # (B, width)

    def _tensor(self, values: npt.NDArray[np.float64]) -> Tensor:
        return torch.from_numpy(values).to(self.device or torch.device("cpu"))
