"""What a demonstration found, as plain values: the report is made from it, and ``--json`` prints it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

SCHEMA = "memento.demo/1"


@dataclass(frozen=True)
class Commit:
    """One commit of the branch graph; `refs` are the branches and tags that lead to it, `time` s UTC."""

    id: str
    parents: tuple[str, ...]
    time: int
    subject: str
    refs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Glance:
    """A world in figures; `hours` are its sessions by hour of day (UTC), `weights` those of its patterns."""

    scenario: str
    summary: str
    seed: int
    start: int
    end: int
    sizes: dict[str, int]
    weights: dict[str, float]
    noise: str
    hours: tuple[int, ...]
    sample: tuple[str, ...] = ()


@dataclass(frozen=True)
class FieldChange:
    """One field of a changed record in words."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """One record that differs: its `place` as ``memory:ID``; the fields that changed, or the record in a `text`."""

    place: str
    kind: str
    text: str = ""
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True)
class Fork:
    """A branch of the demonstration: what it stands for, its commits and its difference from main."""

    name: str
    meaning: str
    commits: tuple[str, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Merged:
    """The merge: the one conflict, what was chosen, the commit it ended in.

    `brought` is what it changed in the branch that received it, `findings` the contradictions left.
    """

    into: str
    other: str
    commit: str
    tag: str
    conflict: str
    place: str
    explanation: str
    base: str
    ours: str
    theirs: str
    chosen: str
    choice: str
    brought: tuple[Change, ...] = ()
    findings: int = 0


@dataclass(frozen=True)
class Tensor:
    """One array of a rendering."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    meaning: str = ""


@dataclass(frozen=True)
class Rendered:
    """A rendering that was saved to `file`."""

    revision: str
    commit: str
    tree: str
    digest: str
    labels: str
    file: str
    tensors: tuple[Tensor, ...]


@dataclass(frozen=True)
class Trained:
    """A training run: mean loss and validation NDCG@10 of each epoch; `best` is the epoch kept, from 0."""

    model: str
    parameters: int
    sessions: int
    loss: tuple[float, ...]
    ndcg: tuple[float | None, ...]
    best: int
    file: str


@dataclass(frozen=True)
class Score:
    """One scorer's figures, each with its 95% interval (low, high); `share` is NDCG@10 over the ceiling's."""

    name: str
    ndcg: float
    interval: tuple[float, float]
    mrr: float
    recall: float
    share: float | None = None
    own: bool = False


@dataclass(frozen=True)
class Evaluated:
    """An evaluation on `sessions` sessions of a revision that training did not see."""

    revision: str
    commit: str
    sessions: int
    candidates: int
    scores: tuple[Score, ...]
    labels: str = "planted"

    @property
    def own(self) -> str:
        """The name of the scorer that was judged."""
        return next((score.name for score in self.scores if score.own), "")

    def score(self, name: str) -> Score | None:
        """The figures of one scorer."""
        return next((score for score in self.scores if score.name == name), None)


@dataclass(frozen=True)
class CanaryRow:
    """One canary: its rate over n trials with Wilson interval; `passed` None where there is no threshold."""

    name: str
    question: str
    rate: float
    interval: tuple[float, float]
    chance: float | None
    threshold: float | None
    n: int
    passed: bool | None


@dataclass(frozen=True)
class NoisePoint:
    """One canary's rate for a model trained on labels at `level` dB; `own` marks the world's own noise."""

    canary: str
    level: float | None
    rate: float
    interval: tuple[float, float]
    own: bool = False


@dataclass(frozen=True)
class Moved:
    """How far edits reached: candidates whose planted relevance they changed, and in how many sessions."""

    candidates: int
    sessions: int
    of_sessions: int


@dataclass(frozen=True)
class Step:
    """One step of the demonstration, and the command lines that do the same by hand."""

    title: str
    commands: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """Everything that one demonstration did and found. `directory` is as the user gave it."""

    version: str
    directory: str
    seed: int
    world: Glance
    commits: tuple[Commit, ...]
    forks: tuple[Fork, ...]
    merged: Merged
    moved: Moved | None
    rendered: Rendered
    trained: tuple[Trained, ...]
    evaluated: Evaluated
    canaries: tuple[CanaryRow, ...]
    noise: tuple[NoisePoint, ...]
    verified: bool
    files: dict[str, str]
    steps: tuple[Step, ...]
    next: tuple[tuple[str, str], ...] = field(default=())

    def to_map(self) -> dict[str, Any]:
        """Plain values, NaN as None."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
