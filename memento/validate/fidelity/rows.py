"""What is compared of two renderings: columns, vectors of sessions, and sessions as series of candidates.

A column that is equal for a whole session counts once a session. Slots are left out: they are hashes
of names, so that two worlds share none of their meaning.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.errors import UsageError
from memento.render.columns import COLUMNS
from memento.render.rendering import Rendering

Floats = npt.NDArray[np.float64]

SLOTS = ("entity_slot", "aspect_slot")
LABEL = "label"
LENGTH = 24
"""Candidates of a series: as many steps as TimeGAN's."""
_KEPT = [column for column in COLUMNS if column.name not in SLOTS]


@dataclass(frozen=True)
class Values:
    """The values of one column in a rendering, shape (n,); `flag` where they are 0 or 1."""

    name: str
    values: Floats
    flag: bool


def columns(rendering: Rendering) -> list[Values]:
    """Every compared column, and the label, each at its own grain."""
    first = rendering.offsets[:-1]
    found = []
    for column in _KEPT:
        values = rendering.features[:, column.index].astype(np.float64)
        found.append(Values(column.name, values[first] if column.grain == "session" else values, _flag(column.unit)))
    return [*found, Values(LABEL, rendering.labels.astype(np.float64), False)]


def joined(renderings: Sequence[Rendering]) -> Rendering:
    """Several renderings of one spec as one, a session after the other; in order of time within each alone."""
    if len(renderings) == 1:
        return renderings[0]
    memories = np.cumsum([0, *(len(rendering.memory_ids) for rendering in renderings)])
    ends = np.cumsum([0, *(len(rendering.labels) for rendering in renderings)])
    whole = renderings[0]
    return dataclasses.replace(
        whole,
        clean=None,
        offsets=np.concatenate(
            [whole.offsets[:1], *(r.offsets[1:] + end for r, end in zip(renderings, ends, strict=False))]
        ),
        memory_rows=np.concatenate(
            [r.memory_rows + np.int32(start) for r, start in zip(renderings, memories, strict=False)]
        ),
        session_ids=tuple(name for rendering in renderings for name in rendering.session_ids),
        memory_ids=tuple(name for rendering in renderings for name in rendering.memory_ids),
        commit="",
        tree="",
        noise={},
        left_out={},
        features=np.concatenate([rendering.features for rendering in renderings]),
        labels=np.concatenate([rendering.labels for rendering in renderings]),
        contexts=np.concatenate([rendering.contexts for rendering in renderings]),
        memory_embeddings=np.concatenate([rendering.memory_embeddings for rendering in renderings]),
        session_times=np.concatenate([rendering.session_times for rendering in renderings]),
    )


def rows(rendering: Rendering, most: int, seed: int = 0) -> tuple[Floats, tuple[bool, ...]]:
    """Up to `most` candidates, drawn by key, by the columns of a candidate and the label, (n, K); which are flags."""
    kept = [column for column in _KEPT if column.grain != "session"]
    places = [column.index for column in kept]
    table = np.concatenate([rendering.features[:, places], rendering.labels[:, None]], axis=1).astype(np.float64)
    if len(table) > most:
        drawn = rng.permutation(rng.key(seed, "fidelity", "rows"), len(table))[:most]
        table = table[np.sort(drawn)]
    return table, (*(_flag(column.unit) for column in kept), False)


def vectors(rendering: Rendering) -> Floats:
    """A row for each session: the mean of every compared column and the label, the spread of those of a candidate.

    Shape (S, K).
    """
    places = [column.index for column in _KEPT]
    table = np.concatenate([rendering.features[:, places], rendering.labels[:, None]], axis=1).astype(np.float64)
    if not len(rendering):
        return np.zeros((0, table.shape[1]))
    starts, sizes = rendering.offsets[:-1], np.diff(rendering.offsets)[:, None]
    mean = np.add.reduceat(table, starts, axis=0) / sizes
    spread = np.sqrt(np.maximum(np.add.reduceat(table**2, starts, axis=0) / sizes - mean**2, 0.0))
    own = [place for place, column in enumerate(_KEPT) if column.grain != "session"] + [len(_KEPT)]
    return np.concatenate([mean, spread[:, own]], axis=1)


def series(rendering: Rendering, length: int = LENGTH) -> Floats:
    """Each session's first `length` candidates in baseline order, by compared columns and label last, (S, L, K).

    Shorter sessions repeat their last candidate.
    """
    places = [column.index for column in _KEPT]
    steps = np.minimum(np.arange(length), np.diff(rendering.offsets)[:, None] - 1) + rendering.offsets[:-1, None]
    labels = rendering.labels[steps][..., None]
    return np.concatenate([rendering.features[steps][..., places], labels], axis=-1).astype(np.float64)


def standard(real: Floats, *others: Floats) -> list[Floats]:
    """Tables with the real one's mean and deviation taken out of each, a column at a time; real first.

    A column that never varies in the real table keeps its own differences from it.
    """
    axes = tuple(range(real.ndim - 1))
    mean, deviation = real.mean(axis=axes), real.std(axis=axes)
    scale = np.where(deviation > 1e-9, deviation, 1.0)
    return [(table - mean) / scale for table in (real, *others)]


def equal(real: Floats, synthetic: Floats, most: int, seed: int = 0) -> tuple[Floats, Floats]:
    """As many rows of each, at most `most`, drawn by key. Raises `UsageError` for fewer than ten."""
    size = min(len(real), len(synthetic), most)
    if size < 10:
        raise UsageError(f"{size} sessions are too few to compare", "compare revisions with ten sessions or more")
    return tuple(  # type: ignore[return-value]
        table[np.sort(rng.permutation(rng.key(seed, "fidelity", name), len(table))[:size])]
        for name, table in (("real", real), ("synthetic", synthetic))
    )


def _flag(unit: str) -> bool:
    return unit == "0 or 1"
