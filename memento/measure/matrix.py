"""Trained on each world, tested on each: what a scorer learned of one is worth on another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from memento.errors import MementoError, NotFound, StoreError, UsageError
from memento.history.revisions import apart
from memento.history.runs import Metric
from memento.measure.trials import Settings, Trials

if TYPE_CHECKING:
    from memento.history.repository import Repository


@dataclass(frozen=True)
class Matrix:
    """The figures of `metric` by what was trained on and what was tested on; `faults` say why a cell has none."""

    metric: str
    names: tuple[str, ...]
    commits: tuple[str, ...]
    cells: Mapping[tuple[int, int], Metric]
    faults: Mapping[tuple[int, int], str]

    def column(self, tested: int) -> Metric | None:
        """Any figure on a world, for its chance and its ceiling."""
        found = (self.cells.get((place, tested)) for place in range(len(self.names)))
        return next((metric for metric in found if metric is not None), None)

    def to_map(self) -> dict[str, Any]:
        """Plain values."""
        cells = []
        for one, trained in enumerate(self.names):
            for other, tested in enumerate(self.names):
                metric = self.cells.get((one, other))
                figure = None if metric is None else asdict(metric)
                fault = self.faults.get((one, other))
                cells.append({"trained_on": trained, "tested_on": tested, "figure": figure, "fault": fault})
        named = [{"name": name, "commit": commit} for name, commit in zip(self.names, self.commits)]
        return {"metric": self.metric, "revisions": named, "cells": cells}


def matrix(
    repository: Repository,
    revisions: Sequence[str],
    settings: Settings,
    metric: str = "ndcg",
    progress: Callable[[int, int, str], None] | None = None,
) -> Matrix:
    """Trains on each revision and tests on the last sessions of each, which no training on it looks at.

    Figures are kept in the repository's cache by the two trees and the settings. A cell that cannot be
    had, such as a world without sessions to test on, is left out, with the reason. Raises `UsageError` for
    fewer than two revisions or two that are one commit, `NotFound` for a metric that there is not.
    """
    if len(revisions) < 2:
        raise UsageError("one revision makes no matrix", "name two or more: `memento matrix main trial`")
    commits = apart(repository, revisions)
    trees = [repository.tree_of(commit) for commit in commits]
    trials = Trials(repository)
    cells: dict[tuple[int, int], Metric] = {}
    faults: dict[tuple[int, int], str] = {}
    known: set[str] = set()
    for one, trained_on in enumerate(trees):
        for other, tested_on in enumerate(trees):
            if progress:
                progress(len(cells) + len(faults), len(trees) ** 2, f"{revisions[one]} on {revisions[other]}")
            try:
                figures = trials.transfer(trained_on, tested_on, settings)
            except StoreError:
                raise
            except MementoError as error:
                faults[one, other] = error.message
                continue
            known |= set(figures)
            if metric in figures:
                cells[one, other] = figures[metric]
            else:
                faults[one, other] = f"there is no {metric} of it"
    if known and metric not in known:
        raise NotFound("metric", metric, known, f"there are {', '.join(sorted(known))}")
    return Matrix(metric, tuple(revisions), tuple(commits), cells, faults)
