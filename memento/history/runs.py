"""Run records: what was found when a scorer was judged on a commit, kept as a note on that commit.

A record is one line of canonical JSON in ``refs/notes/runs``, so that the union of two notes is a
merge of them, and records travel with push. Nothing in it tells when or where: the same evaluation
gives the same line, and its id is a hash of it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from memento.errors import NotFound, UsageError
from memento.history.notes import RUNS

if TYPE_CHECKING:
    from memento.history.repository import Repository

ID_DIGITS = 12


TITLES = {"ndcg": "NDCG@10", "mrr": "MRR", "recall": "recall@10", "share": "share of the ceiling"}
"""What metrics are called where people read of them; see `title_of`."""


def title_of(metric: str) -> str:
    """What a metric is called where people read of it; one without a title goes by its name."""
    return TITLES.get(metric, metric)


@dataclass(frozen=True)
class Metric:
    """A figure with its 95% interval, and what chance and the best possible scorer get.

    What is not known is None.
    """

    value: float
    low: float | None = None
    high: float | None = None
    chance: float | None = None
    ceiling: float | None = None


@dataclass(frozen=True)
class RunRecord:
    """One judgement of one scorer on one commit.

    `checkpoint` is the digest of the scorer, `sources` what it was trained on (plain maps with
    commit, tree and weight), `training` its options, `spec` how the commit was rendered, `seed` that
    of canaries and intervals, `episodes` of each canary (0: none were asked). `curves` are what
    training showed after each epoch: ``loss``, and ``ndcg`` on the sessions that choose.
    """

    commit: str
    tree: str
    model: str
    checkpoint: str
    sources: tuple[Mapping[str, Any], ...]
    training: Mapping[str, Any]
    spec: Mapping[str, Any]
    seed: int
    episodes: int
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    curves: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)

    @property
    def line(self) -> str:
        """The record as it is stored."""
        return json.dumps(self.to_map(), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)

    @property
    def id(self) -> str:
        """The first digits of the SHA-256 of its line."""
        return hashlib.sha256(self.line.encode()).hexdigest()[:ID_DIGITS]

    def to_map(self) -> dict[str, Any]:
        """Plain values, as stored."""
        content = asdict(self)
        content["sources"] = [dict(source) for source in self.sources]
        content["metrics"] = {
            name: {key: value for key, value in asdict(metric).items() if value is not None}
            for name, metric in sorted(self.metrics.items())
        }
        if self.curves:
            content["curves"] = {name: list(values) for name, values in sorted(self.curves.items())}
        else:
            del content["curves"]  # as records were before they had any
        return content

    @classmethod
    def from_line(cls, line: str) -> RunRecord | None:
        """The record of a line, None for anything else: notes may come from anyone."""
        try:
            content = json.loads(line)
            metrics = {str(name): _metric(value) for name, value in content["metrics"].items()}
            return cls(
                commit=_text(content["commit"]),
                tree=_text(content["tree"]),
                model=_text(content["model"]),
                checkpoint=_text(content["checkpoint"]),
                sources=tuple(dict(source) for source in content["sources"]),
                training=dict(content["training"]),
                spec=dict(content["spec"]),
                seed=int(content["seed"]),
                episodes=int(content["episodes"]),
                metrics=metrics,
                curves={str(name): _curve(values) for name, values in content.get("curves", {}).items()},
            )
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError):
            return None


class Runs:
    """The run records of a repository."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.notes = repository.notes(RUNS)
        self._read: tuple[str, dict[str, list[RunRecord]]] = ("", {})

    def add(self, record: RunRecord) -> bool:
        """Records a run on its commit, as one operation; False where it is there already."""
        words = f"record run {record.id} of {record.model} on {record.commit[:10]}"
        return self.notes.add_line(record.commit, record.line, words)

    def all(self) -> dict[str, list[RunRecord]]:
        """Commit id -> its records, in order of their ids."""
        tip = self.notes.tip
        if tip != self._read[0]:
            found = {}
            for commit, text in self.notes.all().items():
                records = [r for r in map(RunRecord.from_line, text.splitlines()) if r is not None]
                if records:
                    found[commit] = sorted(records, key=lambda record: record.id)
            self._read = (tip, found)
        return self._read[1]

    def by_tree(self) -> dict[str, list[RunRecord]]:
        """Tree id -> the records of that world, on whatever commit it stands."""
        found: dict[str, list[RunRecord]] = {}
        for records in self.all().values():
            for record in records:
                found.setdefault(record.tree, []).append(record)
        return found

    def of(self, revision: str) -> list[RunRecord]:
        """The records of a revision's history, those of newer commits first."""
        noted = self.all()
        if not noted:
            return []
        found = self.repository.reached(revision, noted)
        return [record for commit in found for record in noted[commit]]

    def everywhere(self) -> list[RunRecord]:
        """All records, by commit."""
        return [record for records in self.all().values() for record in records]

    def one(self, run_id: str) -> RunRecord:
        """The record whose id begins so. Raises `NotFound`, and `UsageError` where several do."""
        known = {record.id: record for record in self.everywhere()}
        fitting = [name for name in known if name.startswith(run_id)] if run_id else []
        if not fitting:
            raise NotFound("run", run_id, known, "`memento runs --all` lists them")
        if len(fitting) > 1:
            raise UsageError(f"{run_id!r} begins {len(fitting)} runs", f"they are {', '.join(sorted(fitting)[:5])}")
        return known[fitting[0]]


def metric_names(records: Iterable[RunRecord]) -> list[str]:
    """The names of all metrics of some records, sorted."""
    return sorted({name for record in records for name in record.metrics})


def best(records: Iterable[RunRecord], metric: str) -> Metric | None:
    """The greatest figure of a metric among some records, None where none has it."""
    found = [record.metrics[metric] for record in records if metric in record.metrics]
    return max(found, key=lambda value: value.value, default=None)


def _metric(value: Mapping[str, Any]) -> Metric:
    names = ("value", "low", "high", "chance", "ceiling")
    numbers = {name: float(value[name]) for name in names if value.get(name) is not None}
    if not all(map(math.isfinite, numbers.values())):
        raise ValueError("not finite")
    return Metric(**numbers)


def _curve(values: Iterable[Any]) -> tuple[float | None, ...]:
    found = tuple(None if value is None else float(value) for value in values)
    if not all(value is None or math.isfinite(value) for value in found):
        raise ValueError("not finite")
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not text")
    return value
