"""Other streams of sessions that a source could have had: the eight operators in time, as the literature has them.

For every epoch each source's training sessions are cut into stretches of `STRETCH` windows, beginning anywhere, and
each operator changes a share of the stretches: sessions are left out, moved, put in, or made unreadable. What comes of
it is one stream again, in which the earlier are the past of the later: what a model knows of candidates ahead is worked
out anew from it, and windows are cut from it. The last session of a stretch is its target and never touched.

Every session that is scored keeps its own candidates, columns and labels, so that its labels are true; only its past is
another. Age, gap and supersession are columns of its own, and stay those of the whole history: a session whose
predecessor was left out still tells the true gap.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from memento import rng
from memento.catalog import Catalog, Row
from memento.models.base import Model
from memento.train.augment.operators import Augmentation
from memento.train.augment.stretches import Stretches, cut
from memento.train.batches import Resident, past_of, taken
from memento.train.lesson import OWN_COLUMNS, Draws, Lesson, forgotten, lesson_of

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_AT = "memento.train.augment.operators:"
CATALOG = Catalog(
    "augmentation of streams",
    {
        "slide-window": Row(_AT + "SlideWindow", "a window of fixed size over the sessions of a stretch"),
        "crop": Row(_AT + "Crop", "a block that holds a share of the sessions"),
        "subset-split": Row(_AT + "SubsetSplit", "each session kept with a probability"),
        "reorder": Row(_AT + "Reorder", "a block of sessions in another order, not scored"),
        "insert": Row(_AT + "Insert", "earlier sessions once more, not scored"),
        "delete": Row(_AT + "Delete", "some sessions left out"),
        "replace": Row(_AT + "Replace", "earlier sessions in place of its own, not scored"),
        "mask": Row(_AT + "Mask", "sessions of which nothing can be read, not scored"),
    },
)
"""Every augmentation of streams by name."""

STRETCH = 4
"""Windows that a stretch holds."""


@dataclass(frozen=True)
class Stream:
    """The streams of one epoch: S' sessions, some of them more than once, with N' candidates.

    `parts` are the sessions of each source, `origin` which session of the plain streams each is, `rows` which
    row each candidate is there; `scored` says which count in the loss.
    """

    resident: Resident
    parts: tuple[Ints, ...]
    origin: Ints  # (S',)
    rows: Tensor  # (N' + 1,) int64
    scored: Bools  # (S',)


def told(part: int, count: int, window: int, operators: Sequence[Augmentation], seed: int, epoch: int) -> Stretches:
    """What becomes of the `count` training sessions of source number `part` in an epoch."""
    size = STRETCH * window
    first = 1 + int(rng.integers(rng.key(seed, "recipe", "stream", epoch, part), size))
    made = cut(count, size, first)
    keys = rng.pair_keys(rng.key(seed, "recipe", "stretch", part), made.sessions[:, 0].numpy().astype(np.uint64))
    draws = Draws(seed, epoch, keys.astype(np.int64))
    for operator in operators:
        made = operator.tell(made, draws)
    return made


def retold(resident: Resident, fit: Sequence[Ints], parts: Sequence[Stretches], mean: Tensor, scorer: Model) -> Stream:
    """The streams that some stretches of each source make, with what `scorer` knows of them ahead.

    `fit` are the training sessions of each source. A session that cannot be read keeps its clock and its number
    of candidates: their columns are at `mean`, shape (17,), they have no embeddings, and their labels are alike.
    """
    orders, scored, read = [], [], []
    for part, stretches in zip(fit, parts, strict=True):
        there = stretches.mask  # (B, C)
        orders.append(part[stretches.sessions[there].numpy()])
        scored.append(stretches.scored[there].numpy())
        read.append(stretches.read[there].numpy())
    origin = np.concatenate(orders)
    sizes = resident.sizes[origin]
    ends = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    places = np.arange(ends[-1]) - np.repeat(ends[:-1], sizes) + np.repeat(resident.ends[origin], sizes)
    device = resident.device
    rows = torch.from_numpy(np.append(places, resident.candidates)).to(device)  # (N' + 1,)
    blank = torch.from_numpy(np.append(np.repeat(~np.concatenate(read), sizes), False)).to(device)  # (N' + 1,)
    chosen = torch.from_numpy(origin).to(device)  # (S',)
    own = list(OWN_COLUMNS)
    made = copy.copy(resident)
    made.states = None
    made.ends, made.sizes = ends, sizes
    made.features = taken(resident.features, rows)  # (N' + 1, 17)
    made.features[:, own] = torch.where(blank.unsqueeze(-1), mean[own], made.features[:, own])
    made.labels = taken(resident.labels, rows).masked_fill(blank, 0.0)  # (N' + 1,)
    made.clean = None if resident.clean is None else taken(resident.clean, rows).masked_fill(blank, 0.0)  # (N' + 1,)
    unknown = resident.memories[-1:]  # (1,)
    made.memories = torch.where(blank, unknown, taken(resident.memories, rows))  # (N' + 1,)
    made.memory_rows = taken(resident.memory_rows, rows).masked_fill(blank, len(resident.embeddings) - 1)  # (N' + 1,)
    made.contexts, made.times = taken(resident.contexts, chosen), resident.times[origin]
    made.offsets = torch.from_numpy(ends[:-1].copy()).to(device)  # (S',)
    made.lengths = torch.from_numpy(sizes.copy()).to(device)  # (S',)
    bounds = np.cumsum([0, *map(len, orders)]).tolist()
    made.streams = [range(start, end) for start, end in pairwise(bounds)]
    made.apart, made.past = range(bounds[-1], bounds[-1]), past_of(made.streams).to(device)
    made.inputs = scorer.inputs(made)
    return Stream(made, tuple(np.arange(s.start, s.stop) for s in made.streams), origin, rows, np.concatenate(scored))


def seen_in(resident: Resident, stretches: Stretches, mean: Tensor) -> Lesson:
    """Stretches of one length T, each a window: their sessions, (B T,); what cannot be read as `retold` has it."""
    sessions = stretches.sessions.reshape(-1).numpy()  # (B T,)
    lesson = lesson_of(resident.batch(sessions, stretches.sessions.shape[1]))
    read = stretches.read.reshape(-1, 1).to(lesson.mask.device)  # (B T, 1)
    assert lesson.labels is not None
    gone = lesson.mask & ~read  # (B T, C)
    own = list(OWN_COLUMNS)
    features = lesson.features.clone()  # (B T, C, 17)
    features[..., own] = torch.where(gone.unsqueeze(-1), mean[own], features[..., own])
    return replace(
        lesson,
        features=features,
        candidates=lesson.candidates.masked_fill(gone.unsqueeze(-1), 0.0),
        labels=lesson.labels.masked_fill(gone, 0.0),
        inputs=forgotten(lesson, gone),
    )
