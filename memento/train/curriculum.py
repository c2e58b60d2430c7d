"""What a curriculum limits: candidates of a session, active columns, noise of labels, length of the past.

Each is a difficulty that rises by a schedule of `memento.train.schedules`, and one function that makes a lesson so
easy. At the greatest difficulty nothing is changed.
"""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

import torch
from torch import Tensor

from memento.catalog import Catalog, Row
from memento.errors import InvalidFile
from memento.train.lesson import Draws, Lesson, compact, forgotten, pick
from memento.train.schedules import Difficulty, fixed_discrete, fixed_root
from memento.vary.parameters import Parameterised, parameter

CATALOG = Catalog(
    "curriculum",
    {
        "candidates": Row("memento.train.curriculum:Candidates", "few candidates a session first, the best among them"),
        "features": Row("memento.train.curriculum:Features", "few active columns first: age, then what it is about"),
        "snr": Row("memento.train.curriculum:Snr", "labels with little noise first"),
        "length": Row("memento.train.curriculum:Length", "the first sessions of each source first"),
    },
)
"""Everything that a curriculum may limit, by name."""

GROUPS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("age", (0,)),
    ("topic", (12, 13)),
    ("hour", (3, 4)),
    ("accesses", (2,)),
    ("superseded", (11,)),
    ("weekday", (5, 6)),
    ("importance", (1,)),
    ("density", (15,)),
    ("gap", (9,)),
    ("traversal", (16,)),
    ("constraint", (14,)),
    ("embedded", (10,)),
    ("month", (7, 8)),
)
"""Columns in the order in which they become active; embeddings and contexts come with the topic."""
_EMBEDDED = 2
_PAST = 6
"""What earlier sessions showed goes by topic, hour and weekday, and comes with the last of them."""


@dataclasses.dataclass(frozen=True)
class Curriculum(Parameterised):
    """A difficulty that rises from `low` to `high`; a subclass says of what.

    With ``schedule=discrete`` the difficulties are `levels` and change at shares of the whole run,
    ``levels=5/10/20/50:at=0.1/0.3/0.6``, which are the seed's four phases.
    """

    what: ClassVar[str] = "curriculum"
    hint: ClassVar[str] = "`memento recipes --list` lists them with their parameters"
    unit: ClassVar[str] = ""

    schedule: str = parameter("linear", "how the difficulty rises", kind="text", choices=("linear", "root", "discrete"))
    low: int = parameter(1, "least difficulty", kind="int", low=1, high=100_000)
    high: int = parameter(1, "greatest difficulty", kind="int", low=1, high=100_000)
    step: int = parameter(1, "difficulties are multiples of it", kind="int", low=1, high=100_000)
    degree: float = parameter(2.0, "degree of the root", low=0.1, high=100.0)
    share: float = parameter(0.5, "share of all steps in which it rises", low=0.0, high=1.0)
    levels: str = parameter("", "difficulties of a discrete schedule, parted by /", kind="text")
    at: str = parameter("", "shares of the run up to which each of them but the last holds", kind="text")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.low > self.high:
            raise InvalidFile(f"curriculum {self.name}", [f"low={self.low} is above high={self.high}"], self.hint)
        if self.schedule == "discrete":
            levels, at = _numbers(self, "levels"), _numbers(self, "at")
            if len(at) != len(levels) - 1 or sorted(at) != at or any(not 0 <= share <= 1 for share in at):
                fault = f"levels={self.levels} need one rising share of the run less than they are, not at={self.at}"
                raise InvalidFile(f"curriculum {self.name}", [fault], "levels=5/10/20/50:at=0.1/0.3/0.6")

    def difficulty(self, total: int) -> Difficulty:
        """The difficulty at each of `total` steps."""
        if self.schedule == "discrete":
            levels = [int(level) for level in _numbers(self, "levels")]
            return fixed_discrete(levels, [math.floor(share * total) for share in _numbers(self, "at")])
        degree = 1.0 if self.schedule == "linear" else self.degree
        return fixed_root(self.low, self.high, round(self.share * total), self.step, degree)

    @property
    def most(self) -> int:
        """The greatest difficulty, at which nothing is limited."""
        return int(_numbers(self, "levels")[-1]) if self.schedule == "discrete" else self.high


@dataclasses.dataclass(frozen=True)
class Candidates(Curriculum):
    """So many candidates a session: the best one, and others drawn anew for every epoch."""

    name: ClassVar[str] = "candidates"
    unit: ClassVar[str] = "candidates"
    low: int = parameter(5, "least difficulty", "candidates", kind="int", low=1, high=100_000)
    high: int = parameter(50, "greatest difficulty", "candidates", kind="int", low=1, high=100_000)
    step: int = parameter(5, "difficulties are multiples of it", kind="int", low=1, high=100_000)

    def apply(self, lesson: Lesson, difficulty: int, draws: Draws) -> Lesson:
        """`difficulty` candidates in each session, in their order."""
        if difficulty >= self.most or difficulty >= lesson.mask.shape[1]:
            return lesson
        waits = draws.matrix("curriculum candidates", lesson.mask.shape[1])  # (B, C)
        waits = waits.masked_fill(~lesson.mask, torch.inf).scatter(1, lesson.target.unsqueeze(-1), -1.0)  # (B, C)
        return pick(lesson, compact((waits.argsort(-1).argsort(-1) < difficulty) & lesson.mask))


@dataclasses.dataclass(frozen=True)
class Features(Curriculum):
    """So many groups of columns; the others stand at their mean over the training sessions, until `high` is reached."""

    name: ClassVar[str] = "features"
    unit: ClassVar[str] = "groups of columns"
    high: int = parameter(len(GROUPS), "greatest difficulty", "groups", kind="int", low=1, high=len(GROUPS))

    def apply(self, lesson: Lesson, difficulty: int, mean: Tensor) -> Lesson:
        """The first `difficulty` groups as they are, the rest at `mean`, shape (17,)."""
        if difficulty >= min(self.most, len(GROUPS)):
            return lesson
        hidden = [column for _, columns in GROUPS[difficulty:] for column in columns]
        features = lesson.features.clone()  # (B, C, 17)
        features[..., hidden] = mean[hidden] * lesson.mask.unsqueeze(-1)  # (B, C, H)
        inputs = forgotten(lesson, lesson.mask) if difficulty < _PAST else lesson.inputs  # (B, C, I)
        if difficulty >= _EMBEDDED:
            return dataclasses.replace(lesson, features=features, inputs=inputs)
        nothing = torch.zeros_like(lesson.candidates), torch.zeros_like(lesson.contexts)
        return dataclasses.replace(lesson, features=features, inputs=inputs, candidates=nothing[0], contexts=nothing[1])


@dataclasses.dataclass(frozen=True)
class Snr(Curriculum):
    """Labels with less noise than they have: difficulty d is a ratio of 30 - d dB.

    The noise is the label's own, less what was planted, made smaller; so the last labels are the given
    ones, to the bit. It takes planted relevance, which real sessions do not have.
    """

    name: ClassVar[str] = "snr"
    unit: ClassVar[str] = "dB below 30"
    high: int = parameter(30, "greatest difficulty", "dB below 30", kind="int", low=1, high=60)
    step: int = parameter(5, "difficulties are multiples of it", kind="int", low=1, high=60)

    def apply(self, lesson: Lesson, difficulty: int, own: float) -> Lesson:
        """Labels at 30 - `difficulty` dB where that is above their `own` ratio, in dB."""
        wanted = 30.0 - difficulty
        if difficulty >= self.most or wanted <= own or lesson.labels is None or lesson.clean is None:
            return lesson
        less = 10.0 ** ((own - wanted) / 20.0)
        labels = lesson.clean + less * (lesson.labels - lesson.clean)  # (B, C)
        return dataclasses.replace(lesson, labels=labels)


@dataclasses.dataclass(frozen=True)
class Length(Curriculum):
    """So many sessions of each source: the first ones in time. An epoch has as many steps as ever."""

    name: ClassVar[str] = "length"
    unit: ClassVar[str] = "sessions"
    low: int = parameter(10, "least difficulty", "sessions", kind="int", low=1, high=100_000)
    high: int = parameter(200, "greatest difficulty", "sessions", kind="int", low=1, high=100_000)
    step: int = parameter(10, "difficulties are multiples of it", kind="int", low=1, high=100_000)

    def limit(self, difficulty: int) -> int | None:
        """How many sessions of a source may come up; None for all."""
        return None if difficulty >= self.most else difficulty


def _numbers(curriculum: Curriculum, field: str) -> list[float]:
    try:
        found = [float(part) for part in getattr(curriculum, field).split("/") if part]
    except ValueError:
        found = []
    if field == "levels" and not (found and all(level >= 1 and level.is_integer() for level in found)):
        fault = f"levels={getattr(curriculum, field)!r} are not whole numbers from 1 parted by /"
        raise InvalidFile(f"curriculum {curriculum.name}", [fault], "levels=5/10/20/50:at=0.1/0.3/0.6")
    return found
