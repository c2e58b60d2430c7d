"""The best that any model could reach: labels are noisy, so even the rule itself does not get 1.

The rule ranks by the clean labels and is scored against labels with noise. Once against those of
the rendering, and, since they are one draw, against noise drawn anew many times.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.patterns.noise import noisy
from memento.render.rendering import Rendering
from memento.validate import metrics

Floats = npt.NDArray[np.float64]

REDRAWS = 20


@dataclass(frozen=True)
class Ceiling:
    """Figures of every session by name, shape (S,): against the labels as rendered, and on average over redraws."""

    rendered: dict[str, Floats]
    redrawn: dict[str, Floats]
    redraws: int


def ceiling(rendering: Rendering, redraws: int = REDRAWS, seed: int = 0) -> Ceiling | None:
    """The ceiling of a rendering, None where none is known.

    Planted and clean labels have one. Observed labels were not made by a known rule, and Signet's
    piecewise labels follow what was injected, so for both there is none. Without noise the rule
    ranks perfectly. Redraws are keyed by `seed`; a figure that no redraw gives a session is NaN.
    """
    if rendering.clean is None or rendering.spec.labels not in ("planted", "clean"):
        return None
    rendered = metrics.table(rendering.clean, rendering.labels, rendering.offsets)
    noise = {name: rendering.noise[name] for name in ("distribution", "snr_db") if name in rendering.noise}
    if rendering.spec.labels == "clean" or not noise:
        return Ceiling(rendered, rendered, 0)
    true = rendering.clean.astype(np.float64)
    rows = np.arange(len(true), dtype=np.uint64)
    sums = {name: np.zeros(len(rendering)) for name in metrics.NAMES}
    counts = {name: np.zeros(len(rendering)) for name in metrics.NAMES}
    for number in range(redraws):
        keys = rng.pair_keys(rng.key(seed, "ceiling", number), rows)
        labels = noisy(true, rendering.offsets, keys, noise)
        for name, values in metrics.table(true, labels, rendering.offsets).items():
            known = np.isfinite(values)
            sums[name][known] += values[known]
            counts[name] += known
    redrawn = {
        name: np.divide(sums[name], counts[name], out=np.full(len(rendering), np.nan), where=counts[name] > 0)
        for name in metrics.NAMES
    }
    return Ceiling(rendered, redrawn, redraws)
