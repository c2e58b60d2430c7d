"""The six costs by which one history's chain of topics differs from another's."""

from __future__ import annotations

import numpy as np

from memento.errors import UsageError
from memento.simulate import markov
from memento.simulate.markov import Fit
from memento.synthesis.fit.topics import Chain
from memento.world.world import World

BINS = 12
"""Six stretches of four hours, on weekdays and at weekends."""
_FEWEST = 30


def costs(world: World, base: World) -> Fit:
    """The costs of a world's chain of topics relative to that of a base whose entities it shares.

    The base's chain is the reference: in bins of four hours and weekday or weekend, smoothed. Raises `UsageError` where
    either has fewer than 30 moves between the topics that both have.
    """
    ids = base.entities["id"].tolist()
    if not ids or not len(world.entities):
        raise UsageError(
            "costs need topics, and one of the worlds has no entities",
            "compare worlds that share their entities, such as a fork and its base",
        )
    there = {key: place for place, key in enumerate(ids)}
    parts = []
    for of in (base, world):
        chain = Chain(of)
        place = np.array([there.get(key, -1) for key in of.entities["id"].tolist()] + [-1], np.int64)
        before, now = place[chain.before], place[chain.now]
        kept = (chain.before >= 0) & (before >= 0) & (now >= 0)
        bins = chain.hour // 4 + 6 * (chain.weekday >= 5)
        parts.append((bins[kept], before[kept], now[kept]))
        if kept.sum() < _FEWEST:
            raise UsageError(
                f"costs need {_FEWEST} moves between topics that both histories have, and one has {kept.sum()}",
                "compare worlds that share their entities, such as a fork and its base",
            )
    (bins, before, now), mine = parts
    reference = markov.reference(bins, before, now, len(ids), BINS)
    visits = np.bincount(now, minlength=len(ids)).astype(np.float64)
    project = np.unique(base.entities["project"].astype(str), return_inverse=True)[1].astype(np.int64)
    kind = markov.kinds(markov.classes(_keys(base), visits, project))
    return markov.fit(reference[mine[0], mine[1]], kind[mine[1]], mine[2])


def _keys(world: World) -> np.ndarray:
    from memento.simulate.entities import entity_keys

    return entity_keys(world.manifest.seed, world.entities["id"].tolist())
