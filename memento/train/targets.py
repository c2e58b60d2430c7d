"""What a session is to teach besides its own labels: what its candidates will be worth in the sessions after it.

Source: FENRec (AAAI 2025, github uikdwnd/FENRec), whose time-dependent soft labels spread a target over the items that
a user comes to next: the item at place g of the sequence and the two after it, by ``gamma^j / sum gamma^j``, j = 0, 1,
2. Training alone may look ahead so.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from memento.catalog import Catalog, Row
from memento.train.batches import Resident
from memento.train.lesson import Lesson
from memento.vary.parameters import Parameterised, parameter

CATALOG = Catalog(
    "kind of targets",
    {"future": Row("memento.train.targets:Future", "labels softened by those of the sessions to come")},
)
"""Every kind of targets by name."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class Future(Parameterised):
    """A label, and those that the same memory has in the next `ahead` training sessions of its source.

    ``y' = sum_j gamma^j y_j / sum_j gamma^j`` over the sessions j = 0, 1, ... in which the memory is a candidate; where
    it is none, nothing is known of it, while an item that a user does not come to is one that was not chosen. Only
    differences within a session mean anything, so that labels of a later session are moved by what its candidates
    that both have gained on the mean. Labels of the session itself are what later sessions know of it, and tell
    which candidate is the best one.
    """

    what: ClassVar[str] = "kind of targets"
    hint: ClassVar[str] = "`memento recipes --list` lists them with their parameters"
    name: ClassVar[str] = "future"

    gamma: float = parameter(0.2, "what the labels of each further session count less; .2 to .4 in the original")
    ahead: int = parameter(2, "how many sessions ahead", "sessions", kind="int", low=1, high=100)

    def table(self, resident: Resident, fit: Sequence[Ints]) -> Tensor:
        """What a label counts and what is added to it, for every row of candidates; shape (N + 1, 2)."""
        size = resident.candidates
        labels = resident.labels.double().cpu().numpy()  # (N + 1,)
        memory = resident.memory_rows.cpu().numpy()  # (N + 1,)
        counted, added = np.ones(size + 1), np.zeros(size + 1)
        for part in fit:
            for step in range(1, self.ahead + 1):
                for session, later in zip(part[:-step].tolist(), part[step:].tolist()):
                    mine, theirs = (np.arange(resident.ends[s], resident.ends[s + 1]) for s in (session, later))
                    _, here, there = np.intersect1d(memory[mine], memory[theirs], return_indices=True)
                    if len(here):
                        at, then = mine[here], labels[theirs[there]]
                        counted[at] += self.gamma**step
                        added[at] += self.gamma**step * (then - then.mean() + labels[at].mean())
        table = np.stack([1.0 / counted, added / counted], -1)  # (N + 1, 2)
        return torch.from_numpy(table).to(resident.labels)

    def apply(self, lesson: Lesson, table: Tensor) -> Lesson:
        """The lesson with targets beside its labels; a candidate that was made up has none but its label."""
        assert lesson.labels is not None
        assert lesson.rows is not None
        own = lesson.rows >= 0  # (B, C)
        counts, more = table[lesson.rows.clamp_min(0)].unbind(-1)  # (B, C) each
        softened = torch.where(own, counts * lesson.labels + more, lesson.labels)  # (B, C)
        return dataclasses.replace(lesson, targets=softened * lesson.mask)
