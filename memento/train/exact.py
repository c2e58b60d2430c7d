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
    sessions = samples(resident)
    judge = Judge(resident, checked)
    history: list[Epoch] = []
    for number in range(config.epochs):
        order = mixture.epoch(number, shuffle=False)[::-1].tolist()
        loss = replica.train([sessions[place] for place in order], 1, config.temperature).loss
        if not math.isfinite(loss) or not np.isfinite(replica.vector).all():
            raise UsageError(f"training diverged in epoch {number + 1}", f"lower the rate (now {config.rate:g})")
        history.append(Epoch(number, loss, judge.ndcg(replica.model())))
        if progress is not None:
            progress(history[-1], config.epochs)
        if loss < ENOUGH:
            break
    return replica.model(), tuple(history), len(history) - 1


def samples(resident: Resident) -> list[Sample]:
    """Every session in float64; a memory without an embedding is all zeros, as a text without a word is."""
    features, labels = (table.double().cpu().numpy() for table in (resident.features, resident.labels))
    embeddings, contexts = (table.double().cpu().numpy() for table in (resident.embeddings, resident.contexts))
    rows = resident.memory_rows.cpu().numpy()
    made = []
    for session in range(len(resident)):
        part = slice(int(resident.ends[session]), int(resident.ends[session + 1]))
        both = np.concatenate([embeddings[rows[part]], contexts[session : session + 1]])  # (C + 1, D)
        made.append(Sample(both, features[part], labels[part]))
    return made
