"""The option `exact`: the signet model trained as the sidecar trains it, by `memento train`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from memento.errors import UsageError
from memento.models.base import Model
from memento.train.batches import Resident
from memento.train.config import Config
from memento.train.judge import Judge
from memento.train.mixture import Mixture
from memento.train.run import Epoch
from memento.train.signet import ENOUGH, Replica, Sample, double

Ints = npt.NDArray[np.int64]


def fit_exact(
    resident: Resident,
    fit: Sequence[Ints],
    checked: Ints,
    weights: Sequence[float],
    config: Config,
    progress: Callable[[Epoch, int], None] | None = None,
) -> tuple[Model, tuple[Epoch, ...], int]:
    """As `trainer.fit_model`: the newest session first, one step each at a constant rate, the last epoch kept."""
    mixture = Mixture(fit, weights, config.seed)
    replica = Replica(double(resident.contexts.shape[1]), rate=config.rate)
    sessions = Sessions(resident)
    judge = Judge(resident, checked)
    history: list[Epoch] = []
    for number in range(config.epochs):
        order = mixture.epoch(number, shuffle=False)[::-1]
        loss = replica.epoch(map(sessions.sample, order.tolist()), config.temperature).loss
        if not math.isfinite(loss) or not np.isfinite(replica.vector).all():
            raise UsageError(f"training diverged in epoch {number + 1}", f"lower the rate (now {config.rate:g})")
        history.append(Epoch(number, loss, judge.ndcg(replica.model())))
        if progress is not None:
            progress(history[-1], config.epochs)
        if loss < ENOUGH:
            break
    return replica.model(), tuple(history), len(history) - 1


class Sessions:
    """Sessions in float64, each made when it is asked for: their vectors are many times what a rendering holds."""

    def __init__(self, resident: Resident) -> None:
        self.features, self.labels = (t.double().cpu().numpy() for t in (resident.features, resident.labels))
        self.embeddings, self.contexts = (t.cpu().numpy() for t in (resident.embeddings, resident.contexts))
        self.rows = resident.memory_rows.cpu().numpy()
        self.ends = resident.ends

    def sample(self, session: int) -> Sample:
        """One session; a memory without an embedding is all zeros, as a text without a word is."""
        part = slice(int(self.ends[session]), int(self.ends[session + 1]))
        both = np.concatenate([self.embeddings[self.rows[part]], self.contexts[session : session + 1]])  # (C + 1, D)
        return Sample(both.astype(np.float64), self.features[part], self.labels[part])
