"""What regenerated rows are worth: a target model on a world's own sequences, and on those with new rows beside.

The last item of every sequence is held out before anything is mined or learned. All arms train for the same number of
steps, on the same seeds; the uplift is the paired difference of NDCG@10 with Student's interval over the seeds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from memento.errors import UsageError
from memento.synthesis.dr4sr import sequences
from memento.synthesis.dr4sr.personalise import personalise
from memento.synthesis.dr4sr.regenerate import Progress, Settings, learn
from memento.synthesis.dr4sr.sequences import Ints
from memento.synthesis.dr4sr.target import Ranked, fit, ranked
from memento.world.world import World

SEEDS = 5
ARMS = ("original", "with patterns", "with regenerated", "personalised")
_T = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}
"""Student's 97.5% quantile for a mean of so many seeds."""


@dataclass(frozen=True)
class Arm:
    """One set of rows: how many, NDCG@10 and hit rate@10 over the seeds, and the difference of NDCG@10 from the world's
    own sequences with its 95% interval."""

    name: str
    rows: int
    ndcg: float
    hits: float
    uplift: float
    low: float
    high: float


@dataclass(frozen=True)
class Uplift:
    """All arms, how many items were held out, and the pattern length ratio."""

    arms: tuple[Arm, ...]
    held_out: int
    pattern_length_ratio: float


def uplift(world: World, settings: Settings, seeds: int = SEEDS, progress: Progress | None = None) -> Uplift:
    """Trains a target on each arm with each seed. Raises `UsageError` for a world with too little to hold out, and for
    a number of seeds that has no interval."""
    if seeds not in _T:
        raise UsageError(f"{seeds} seeds give no interval", f"take {min(_T)} to {max(_T)}")
    found = sequences.read(world, settings.across)
    rows = [row[:-1] for row in found.rows if len(row) > 2]
    wanted = np.array([row[-1] for row in found.rows if len(row) > 2], np.int64)
    if len(rows) < 2:
        raise UsageError(f"{len(rows)} sequences of three accesses are too few to hold one out", "take a larger world")
    items = len(found.vocabulary)
    told = learn(rows, items, settings, progress)
    patterns, new = [row for _, row in told.patterns], [row for _, row in told.new]
    weights = (
        personalise([*rows, *patterns], new, len(rows), items, settings.steps, settings.seed) if new else np.empty(0)
    )
    sets: list[tuple[list[Ints], list[float]]] = [
        (rows, [1.0] * len(rows)),
        ([*rows, *patterns], [1.0] * (len(rows) + len(patterns))),
        ([*rows, *patterns, *new], [1.0] * (len(rows) + len(patterns) + len(new))),
        ([*rows, *patterns, *new], [1.0] * (len(rows) + len(patterns)) + weights.tolist()),
    ]
    results: list[list[Ranked]] = []
    for some, weight in sets if new else sets[:2]:
        models = [fit(some, weight, items, settings.steps, settings.seed + seed) for seed in range(seeds)]
        results.append([ranked(model, rows, wanted) for model in models])
    results += [results[-1]] * (len(sets) - len(results))  # without new rows the last arms are that with patterns
    base = [one.ndcg for one in results[0]]
    arms = []
    for name, (some, _), runs in zip(ARMS, sets, results, strict=True):
        difference = [one.ndcg - own for one, own in zip(runs, base, strict=True)]
        mean, half = _interval(difference)
        ndcg, hits = float(np.mean([one.ndcg for one in runs])), float(np.mean([one.hits for one in runs]))
        arms.append(Arm(name, len(some), ndcg, hits, mean, mean - half, mean + half))
    return Uplift(tuple(arms), len(wanted), told.pattern_length / told.sequence_length)


def _interval(values: Sequence[float]) -> tuple[float, float]:
    """Mean and half the width of its 95% interval."""
    return float(np.mean(values)), _T[len(values)] * float(np.std(values, ddof=1)) / math.sqrt(len(values))
