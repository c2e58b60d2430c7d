"""What a training leaves: its epochs, what it was trained on, and the scorer at its best."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from memento import __version__
from memento.models.base import Model
from memento.models.linear import Linear
from memento.render.columns import schema_hash
from memento.train.config import Config


@dataclass(frozen=True)
class Epoch:
    """What one pass gave: mean loss a session, and NDCG@10 on the validation sessions (NaN without any)."""

    number: int
    loss: float
    ndcg: float

    def to_map(self) -> dict[str, Any]:
        """Plain values; NaN is None."""
        return {"number": self.number, "loss": self.loss, "ndcg": None if math.isnan(self.ndcg) else self.ndcg}

    @classmethod
    def from_map(cls, values: dict[str, Any]) -> Epoch:
        """The epoch of plain values. Raises `LookupError`, `TypeError` or `ValueError`."""
        ndcg = values["ndcg"]
        return cls(int(values["number"]), float(values["loss"]), math.nan if ndcg is None else float(ndcg))


@dataclass(frozen=True)
class Source:
    """One rendering that was trained on: where it came from, and how much it weighed."""

    revision: str
    commit: str
    tree: str
    weight: float
    digest: str
    spec: dict[str, Any] = field(default_factory=dict)
    sessions: int = 0

    def to_map(self) -> dict[str, Any]:
        """Plain values."""
        return dict(self.__dict__)


@dataclass(frozen=True)
class Run:
    """A finished training: the scorer at its best epoch and all that tells how it came about.

    `baseline` is a linear scorer trained on the same sessions; `seen` are hashes of the ids of all
    sessions used to fit or to choose, sorted, shape (K,), so that an evaluation can leave them out.
    `code` is the version of memento, `schema` that of the columns; `machine` says on what it was trained, where
    that was not plainly the CPU: `device`, `compiled`.
    """

    scorer: Model
    config: Config
    history: tuple[Epoch, ...]
    best: int
    baseline: Linear
    sources: tuple[Source, ...]
    seen: npt.NDArray[np.uint64]
    code: str = __version__
    schema: str = field(default_factory=schema_hash)
    machine: dict[str, Any] = field(default_factory=dict)

    @property
    def metrics(self) -> dict[str, float | None]:
        """Loss and validation NDCG@10 of the best epoch; None where there was none."""
        if not self.history:
            return {"loss": None, "ndcg": None}
        chosen = self.history[self.best].to_map()
        return {"loss": chosen["loss"], "ndcg": chosen["ndcg"]}
