"""The same training on noisier labels: what the noise canary compares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from memento.errors import UsageError
from memento.render.rendering import Spec, render
from memento.train.run import Run
from memento.train.trainer import train
from memento.validate.canary import at_noise
from memento.world.world import World

LEVELS = (10.0, 0.0, -10.0)
"""Signal-to-noise ratios of the noise canary, in dB."""
_HINT = "leave out --noise-curve, or train on simulated revisions alone"


def retrained(run: Run, world_at: Callable[[str], World], level: float | None, **changed: Any) -> Run:
    """`run` again, with the same options on the same commits, their labels at `level` dB (None: without noise).

    `world_at` gives the world of a commit; `changed` are options of `Config` that differ, such as the seed. Clean
    labels become planted ones, which have noise. Raises `UsageError` as `check` does, and for a world without
    planted patterns.
    """
    check(run)
    sources = []
    for source in run.sources:
        spec, world = Spec.from_map(source.spec), world_at(source.commit)
        if not world.manifest.patterns:
            raise UsageError(f"the world of {source.revision} plants no patterns that noise could drown", _HINT)
        noisy = replace(spec, labels="planted") if spec.labels == "clean" else spec
        sources.append((render(at_noise(world, level), noisy), source.weight))
    return train(sources, **(run.config.to_map() | changed))


def check(run: Run) -> None:
    """Raises `UsageError` where a source's labels were observed: no noise can be set for them."""
    for source in run.sources:
        if source.spec.get("labels") == "observed":
            raise UsageError(f"the labels of {source.revision} were observed, so no noise can be set for them", _HINT)
