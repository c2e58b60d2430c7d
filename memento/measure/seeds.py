"""What several seeds of one training reach together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from memento.validate.intervals import Figure, over_seeds

if TYPE_CHECKING:
    from memento.render.rendering import Rendering
    from memento.train import Run


def figures(runs: Sequence[Run], rendering: Rendering, seed: int = 0) -> dict[str, Figure]:
    """NDCG@10, MRR and recall@10 over all seeds on the sessions that none of them saw, by name.

    ``share`` is the NDCG as a share of the ceiling's, where there is one. Intervals redraw seeds and
    sessions. Empty where training saw every session.
    """
    from memento.train.batches import Resident
    from memento.validate import metrics
    from memento.validate.ceiling import ceiling
    from memento.validate.evaluate import unseen

    seen = np.unique(np.concatenate([run.seen for run in runs]))
    chosen = unseen(rendering, seen)
    if not len(chosen):
        return {}
    tested = rendering.select(chosen)
    rows = np.concatenate([np.arange(rendering.offsets[s], rendering.offsets[s + 1]) for s in chosen])
    resident = Resident([rendering])
    tables = [metrics.table(resident.score(run.scorer, chosen)[rows], tested.labels, tested.offsets) for run in runs]
    found = {name: over_seeds(np.stack([table[name] for table in tables]), seed) for name in metrics.NAMES}
    top = ceiling(tested, seed=seed)
    if top is not None:
        best = float(np.nanmean(top.rendered["ndcg"]))
        ndcg = found["ndcg"]
        if best > 0:
            found["share"] = Figure(ndcg.value / best, ndcg.low / best, ndcg.high / best, ndcg.n)
    return found
