"""Every model on one world: what learns is trained on it, and all are judged on the same later sessions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from memento.errors import UsageError
from memento.models import BASELINES, LEARNERS

if TYPE_CHECKING:
    from memento.render.rendering import Rendering
    from memento.validate.intervals import Figure


@dataclass(frozen=True)
class Standing:
    """How one model did: `size` numbers learned, and figures by name as `memento.measure.seeds.figures` gives them.

    `seeds` is 0 for a ranker that learns nothing; intervals are over sessions, and over seeds where there are several.
    """

    model: str
    size: int
    seeds: int
    figures: dict[str, Figure]

    def to_map(self) -> dict[str, Any]:
        """Plain values."""
        shown = {name: figure.to_map() for name, figure in self.figures.items()}
        return {"model": self.model, "parameters": self.size, "seeds": self.seeds, "figures": shown}


def standings(
    rendering: Rendering,
    models: Sequence[str] = LEARNERS,
    seeds: int = 1,
    seed: int = 0,
    epochs: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[Standing]:
    """Every one of `models` that learns, trained with `seeds` seeds from `seed` on, and every baseline; best first.

    `chance` and, where it is known, `ceiling` stand among them. `progress` is called with the name of
    each model before it is trained. Raises `UsageError` where training saw every session.
    """
    from memento.measure.seeds import figures
    from memento.train import train_seeds
    from memento.train.threads import one_thread
    from memento.validate import evaluate

    found = []
    last = None
    for model in models:
        if progress is not None:
            progress(model)
        runs = train_seeds([(rendering, 1.0)], range(seed, seed + seeds), model, epochs=epochs)
        last = runs[0]
        with one_thread():
            reached = figures(runs, rendering, seed)
        if not reached:
            raise UsageError("training saw every session, so that none is left to judge on", "generate more weeks")
        found.append(Standing(model, last.scorer.size, seeds, reached))
    if last is None:
        raise UsageError("no model is named", f"models that learn: {', '.join(LEARNERS)}")
    with one_thread():
        report = evaluate(last, rendering, seed=seed, baselines=BASELINES)
    best = report.rows["ceiling"]["ndcg"].value if "ceiling" in report.rows else math.nan
    for name, row in report.rows.items():
        if name in ("model", "ceiling redrawn") or name in models:
            continue
        share = {"share": _over(row["ndcg"], best)} if best > 0 else {}
        size, trained = (last.baseline.size, 1) if name == "linear" else (0, 0)
        found.append(Standing(name, size, trained, row | share))
    return sorted(found, key=lambda one: (-_known(one.figures["ndcg"].value), one.model))


def _over(figure: Figure, best: float) -> Figure:
    from memento.validate.intervals import Figure

    return Figure(figure.value / best, figure.low / best, figure.high / best, figure.n)


def _known(value: float) -> float:
    return -1.0 if math.isnan(value) else value
