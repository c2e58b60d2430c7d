"""The same training on noisier labels: what the noise canary compares."""

from __future__ import annotations

from collections.abc import Callable

from memento.render.rendering import Spec, render
from memento.train.trainer import Run, train
from memento.validate.canary import at_noise
from memento.world.world import World

LEVELS = (10.0, 0.0, -10.0)
"""Signal-to-noise ratios of the noise canary, in dB."""


def retrained(run: Run, world_at: Callable[[str], World], level: float) -> Run:
    """`run` again, with the same options on the same commits, their labels at `level` dB.

    `world_at` gives the world of a commit. Raises `UsageError` for a world without planted patterns.
    """
    sources = [
        (render(at_noise(world_at(source.commit), level), Spec.from_map(source.spec)), source.weight)
        for source in run.sources
    ]
    return train(sources, **run.config.to_map())
