"""LambdaMART: a sum of decision trees, here as plain arrays that torch walks.

Source: Burges 2010, "From RankNet to LambdaRank to LambdaMART", MSR-TR-2010-82. `memento.train.boosting`
grows the trees with LightGBM; to score with them takes neither LightGBM nor its file format, and a
checkpoint holds numbers alone. T trees, J nodes and L = J + 1 leaves a tree, F inputs a candidate.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from memento.models.base import COLUMNS, Batch, Model

RELATIVE = (0, 1, 2, 15)
"""Columns that also count as what they are above or below the session's largest: age, importance, accesses, density."""
INPUTS = COLUMNS + 2 + len(RELATIVE) + 2
DIGITS = 5
"""Decimals of what is worked out, so that rounding elsewhere moves no candidate past a threshold."""


class LambdaMart(Model):
    """`trees` trees of up to `leaves` leaves; what it has not been given yet is one tree that says 0.

    Each candidate is seen beside its session: its columns (the session's clock among them), how near it
    and its entity are to the context, and how far some of these are from the session's largest. Trees
    cross them as they need. Beyond the ages that training saw, all ages are one to a tree.
    """

    name: ClassVar[str] = "lambdamart"
    column: Tensor
    threshold: Tensor
    branches: Tensor
    value: Tensor

    def __init__(self, trees: int = 1, leaves: int = 2) -> None:
        super().__init__(trees=trees, leaves=leaves)
        nodes = max(1, leaves - 1)
        self.register_buffer("column", torch.zeros(trees, nodes, dtype=torch.int32))
        self.register_buffer("threshold", torch.zeros(trees, nodes, dtype=torch.float64))
        self.register_buffer("branches", torch.full((trees, nodes, 2), -1, dtype=torch.int32))
        self.register_buffer("value", torch.zeros(trees, nodes + 1, dtype=torch.float64))

    @property
    def size(self) -> int:
        """How many numbers it learned: a threshold for each node, a value for each leaf, and which column."""
        return self.column.numel() + self.threshold.numel() + self.value.numel()

    def plant(self, column: Tensor, threshold: Tensor, branches: Tensor, value: Tensor) -> None:
        """Take these trees: (T, J), (T, J), (T, J, 2), (T, J + 1).

        A node sends a candidate to its first child where the input `column` is at most `threshold`, else
        to its second. A child from 0 up is a node, -1 is leaf 0, -2 leaf 1. Raises `ValueError`.
        """
        self.column, self.threshold = column.int(), threshold.double()  # (T, J) each
        self.branches, self.value = branches.int(), value.double()  # (T, J, 2), (T, L)
        self.config = {"trees": len(column), "leaves": value.shape[1]}
        self.check()

    def check(self) -> None:
        """Raises `ValueError` where a node leads nowhere, or back."""
        trees, nodes = self.column.shape
        places = torch.arange(nodes, device=self.branches.device).unsqueeze(-1)  # (J, 1)
        shapes = [(trees, nodes), (trees, nodes, 2), (trees, nodes + 1)]
        if [tuple(t.shape) for t in (self.threshold, self.branches, self.value)] != shapes:
            raise ValueError("tables of trees differ in length")
        if ((self.column < 0) | (self.column >= INPUTS)).any():
            raise ValueError("a tree reads an input that there is not")
        onward = (self.branches > places) & (self.branches < nodes)  # (T, J, 2)
        if not (onward | ((self.branches < 0) & (self.branches >= -nodes - 1))).all():
            raise ValueError("a node of a tree leads nowhere, or back")

    def forward(self, batch: Batch) -> Tensor:
        """Logits, shape (B, C)."""
        inputs = crossed(batch)  # (B, C, F)
        B, C, F = inputs.shape
        logits = self._walk(inputs.reshape(B * C, F)).reshape(B, C)  # (B, C)
        return logits.to(batch.features)  # (B, C)

    def _walk(self, inputs: Tensor) -> Tensor:
        """The sum over all trees of where each row of `inputs`, (n, F), ends; shape (n,)."""
        trees, nodes = self.column.shape
        each = 2 * nodes + 1
        starts = torch.arange(trees, device=inputs.device).unsqueeze(-1) * each  # (T, 1)
        column = functional.pad(self.column.long(), (0, nodes + 1)).reshape(-1)  # (T * (J + L),)
        threshold = functional.pad(self.threshold, (0, nodes + 1)).reshape(-1)  # (T * (J + L),)
        branches = self.branches.long()  # (T, J, 2)
        places = torch.where(branches < 0, nodes - 1 - branches, branches)  # (T, J, 2) leaves behind the nodes
        leaves = torch.arange(nodes, each, device=inputs.device).expand(trees, -1)  # (T, L)
        leaves = leaves.unsqueeze(-1).expand(-1, -1, 2)  # (T, L, 2) a leaf leads to itself
        onward = (torch.cat([places, leaves], 1) + starts.unsqueeze(-1)).reshape(-1)  # (T * (J + L) * 2,)
        at = starts.squeeze(-1).expand(len(inputs), -1)  # (n, T)
        for _ in range(nodes):
            above = inputs.gather(1, column[at]) > threshold[at]  # (n, T)
            moved = onward[2 * at + above]  # (n, T)
            if torch.equal(moved, at):
                break
            at = moved  # (n, T)
        value = functional.pad(self.value, (nodes, 0)).reshape(-1)  # (T * (J + L),)
        return value[at].sum(-1)  # (n,)


def crossed(batch: Batch) -> Tensor:
    """What a tree may split by, shape (B, C, F), float64.

    The columns; the cosine of context and embedding, and of context and what the session's candidates of
    the same entity share; then age, importance, accesses, density and both cosines less the session's largest.
    """
    mask = batch.mask.unsqueeze(-1)  # (B, C, 1)
    own = batch.features.double()  # (B, C, 17)
    embedded = functional.normalize(batch.candidates.double(), dim=-1)  # (B, C, D)
    context = functional.normalize(batch.contexts.double(), dim=-1).unsqueeze(-1)  # (B, D, 1)
    slot = batch.features[..., 12]  # (B, C)
    same = (slot.unsqueeze(-1) == slot.unsqueeze(-2)) & mask & batch.mask.unsqueeze(1)  # (B, C, C)
    entity = functional.normalize(same.double() @ embedded, dim=-1)  # (B, C, D)
    near = torch.cat([embedded @ context, entity @ context], -1).round(decimals=DIGITS)  # (B, C, 2)
    compared = torch.cat([own[..., RELATIVE], near], -1)  # (B, C, 6)
    largest = compared.masked_fill(~mask, -torch.inf).amax(1, keepdim=True)  # (B, 1, 6)
    behind = (compared - largest).round(decimals=DIGITS)  # (B, C, 6)
    return torch.cat([own, near, behind], -1)  # (B, C, F)
