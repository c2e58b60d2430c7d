"""What a model is given and what it gives back.

Shapes: B sessions in a batch, C candidates a session (padded), D numbers an embedding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

COLUMNS = 17
"""Feature columns of a candidate, in the order of `memento.render.columns`."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some sessions with their candidates, padded to one length; padding is zero and masked.

    `labels` and `clean` are training targets and the planted relevance without noise, where known;
    `rows` is each candidate's row in its rendering; `tokens` are bags of text buckets, padded with
    -1, for candidates without an embedding; `projects` are project slots.

    `inputs` is what `Model.inputs` worked out of each candidate ahead of training, `states` what
    `Model.states` carried over from earlier sessions; a model that is given none works them out, or
    starts from nothing. Every `window` sessions on end follow each other in time, in one stream.
    """

    features: Tensor  # (B, C, 17)
    mask: Tensor  # (B, C) bool, true where a candidate is
    contexts: Tensor  # (B, D)
    candidates: Tensor  # (B, C, D)
    labels: Tensor | None = None  # (B, C)
    clean: Tensor | None = None  # (B, C)
    rows: Tensor | None = None  # (B, C) int64
    tokens: Tensor | None = None  # (B, C, T) int64
    projects: Tensor | None = None  # (B,) int64
    inputs: Tensor | None = None  # (B, C, I)
    states: Tensor | None = None  # (B, K)
    window: int = 1


class Sessions(Protocol):
    """All that a model may look at ahead of a pass: S sessions with N candidates and M memories.

    `streams` are ranges of sessions that follow each other in time, one for each rendering. The
    sessions of `apart` stand behind them all: each follows the last stream, and knows of none of the
    others. `past` says of each session which ones, from and up to, became known before it. Each table
    of candidates and of memories ends with one row of zeros, for padding.
    """

    features: Tensor  # (N + 1, 17)
    labels: Tensor  # (N + 1,)
    memory_rows: Tensor  # (N + 1,) int64
    past: Tensor  # (S, 2) int64
    embeddings: Tensor  # (M + 1, D)
    contexts: Tensor  # (S, D)
    offsets: Tensor  # (S,) int64, the first row of each session
    lengths: Tensor  # (S,) int64
    streams: Sequence[range]
    apart: range

    @property
    def candidates(self) -> int:
        """N."""
        ...

    @property
    def memories(self) -> Tensor:
        """Which memory each candidate is, equal where it is one by its id, shape (N + 1,) int64."""
        ...

    def batches(self, sessions: npt.NDArray[np.int64], size: int) -> Iterator[Batch]:
        """Batches of at most `size` of the given sessions."""
        ...


def rows_of(sessions: Sessions, chosen: Tensor) -> Tensor:
    """The rows of the candidates of some sessions, in order, shape (n,)."""
    lengths = sessions.lengths[chosen]  # (B,)
    ends = lengths.cumsum(0)  # (B,)
    shift = sessions.offsets[chosen] - ends + lengths  # (B,)
    return torch.arange(int(lengths.sum()), device=shift.device) + shift.repeat_interleave(lengths)  # (n,)


def tabulate(sessions: Sessions, function: Callable[[Batch], Tensor], size: int = 128) -> Tensor:
    """`function` of every batch, (B, C, I), laid out by row of candidate: shape (N + 1, I)."""
    table: Tensor | None = None
    with torch.no_grad():
        for batch in sessions.batches(np.arange(len(sessions.lengths)), size):
            assert batch.rows is not None
            found = function(batch)  # (B, C, I)
            if table is None:
                table = found.new_zeros(sessions.candidates + 1, found.shape[-1])  # (N + 1, I)
            table[batch.rows[batch.mask]] = found[batch.mask]
    return table if table is not None else sessions.features.new_zeros(sessions.candidates + 1, 0)


@runtime_checkable
class Scorer(Protocol):
    """Anything that ranks: a higher score is a better candidate within its session."""

    name: ClassVar[str]

    @property
    def config(self) -> Mapping[str, Any]:
        """What it takes to build it again, as plain values."""
        ...

    def score(self, batch: Batch) -> Tensor:
        """Logits, shape (B, C); only differences within a session mean anything."""
        ...


class Model(nn.Module):
    """A scorer with parameters. Subclasses give `forward(batch) -> logits (B, C)`.

    `window` is how many sessions on end one training example holds: 1 where each stands alone.
    """

    name: ClassVar[str]
    hidden: ClassVar[str] = ""
    """The submodule that gives a hidden vector of each candidate, (B, C, W); empty where there is none."""
    carried: ClassVar[str] = ""
    """The submodule through which earlier sessions come to one, giving (B, K); empty where they do not."""
    window: int = 1

    def __init__(self, **config: Any) -> None:
        super().__init__()
        self.config: Mapping[str, Any] = config

    @property
    def size(self) -> int:
        """How many numbers it learns."""
        return sum(parameter.numel() for parameter in self.parameters())

    def fit_scale(self, features: Tensor) -> None:
        """Take from training features, shape (N, 17), what has to be known before the first step."""

    def prepare(self, sessions: Sessions, chosen: Tensor) -> None:
        """Take from the sessions to be trained on, shape (n,), what has to be known before the first step.

        It hangs on no parameter and is kept in buffers, so that models of one shape can share it.
        """
        self.fit_scale(sessions.features[rows_of(sessions, chosen)])

    def inputs(self, sessions: Sessions) -> Tensor | None:
        """What can be worked out of every candidate without weights, shape (N + 1, I), or None for nothing.

        A row may hang on its own session and on what became known of earlier ones in its stream,
        their labels among it, and never on its own label or on later sessions.
        """
        return None

    def reread(self, batch: Batch) -> Tensor | None:
        """The `inputs` of a batch whose candidates are not all those that they were worked out for, (B, C, I).

        None leaves it to the pass itself. What earlier sessions showed of a candidate goes with it.
        """
        return None

    def states(self, sessions: Sessions) -> Tensor | None:
        """What the weights carry into each session from those before it, shape (S, K), or None for nothing."""
        return None

    def check(self) -> None:
        """Raises `ValueError` where what was loaded is no state that training leaves; shapes are checked already."""

    def score(self, batch: Batch) -> Tensor:
        """Logits, shape (B, C), without gradient and without dropout."""
        was_training = self.training
        self.eval()
        with torch.inference_mode():
            logits: Tensor = self(batch)  # (B, C)
        self.train(was_training)
        return logits


class Ranker:
    """A scorer without parameters."""

    name: ClassVar[str]

    def inputs(self, sessions: Sessions) -> Tensor | None:
        """As `Model.inputs`."""
        return None

    def states(self, sessions: Sessions) -> Tensor | None:
        """As `Model.states`."""
        return None

    @property
    def config(self) -> Mapping[str, Any]:
        """Nothing is needed to build it again."""
        return {}


class Scale(nn.Module):
    """Columns shifted and divided to mean 0 and deviation 1, as measured on training data."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, columns: int = COLUMNS) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(columns))
        self.register_buffer("deviation", torch.ones(columns))

    def fit(self, features: Tensor) -> None:
        """Measure on `features`, shape (N, 17); a column that never varies is only shifted."""
        exact = features.double()  # (N, 17)
        deviation = exact.std(0, correction=0)  # (17,)
        self.mean.copy_(exact.mean(0))
        self.deviation.copy_(torch.where(deviation > 1e-6, deviation, torch.ones_like(deviation)))

    def forward(self, features: Tensor) -> Tensor:
        """The scaled columns, same shape (…, 17)."""
        return (features - self.mean) / self.deviation  # (…, 17)
