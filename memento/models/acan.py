"""The auxiliary cross attention network (ACAN): the session's context asks, the memories' embeddings answer.

Source: Hong and He 2025, Frontiers in Psychology 16:1591618, and its code, ``train/model.py``. Two things
differ, or nothing would be learned. The original's loss is built from the numbers that a language model
answered, so no gradient reaches the network; here any loss of `memento.train.losses` reads the scores
themselves, against labels. The original pads memories with rows of zeros that attention reads too;
here they are masked. Its value projection takes no part in the choice of memories, and the
bias of its keys adds the same to all of them, so both are left out.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from memento.models.base import Batch, Model


class Acan(Model):
    """``q · k / sqrt(D)``, both full projections: 8,256 parameters at 64 numbers an embedding.

    It reads embeddings and nothing else: no column, so neither age nor clock, and no other candidate.
    A candidate without an embedding scores 0.
    """

    name: ClassVar[str] = "acan"

    def __init__(self, dimension: int = 64) -> None:
        super().__init__(dimension=dimension)
        self.query = nn.Linear(dimension, dimension)
        self.key = nn.Linear(dimension, dimension, bias=False)

    def forward(self, batch: Batch) -> Tensor:
        """Logits, shape (B, C); the original's softmax over them changes no order."""
        query = self.query(batch.contexts).unsqueeze(-1)  # (B, D, 1)
        key = self.key(batch.candidates)  # (B, C, D)
        logits: Tensor = (key @ query).squeeze(-1) * query.shape[1] ** -0.5  # (B, C)
        return logits
