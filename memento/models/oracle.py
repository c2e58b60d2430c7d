"""The scorer that knows the rule: what was planted, before noise was added to it."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from memento.errors import UsageError
from memento.models.base import Batch, Ranker


class Oracle(Ranker):
    """Scores by the clean labels; only a rendering with planted relevance has them."""

    name: ClassVar[str] = "oracle"

    def score(self, batch: Batch) -> Tensor:
        """Clean labels, shape (B, C). Raises `UsageError` where relevance was observed, not planted."""
        if batch.clean is None:
            raise UsageError(
                "the oracle needs planted relevance, and this rendering has only observed labels",
                "render a simulated world, or use another model",
            )
        return batch.clean  # (B, C)
