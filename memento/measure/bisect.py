"""Finding the first commit that is bad: halving what lies between good and bad, as git bisect does.

The commit to try next is the one that parts those that remain most evenly by its number of ancestors
among them (git's bisect.c), so that histories with merges are halved too. Nothing is moved.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from memento.errors import ConflictError, MementoError, StoreError, UsageError
from memento.history.requirement import METRICS, bare
from memento.history.runs import Metric
from memento.history.walk import Walker
from memento.measure.trials import Settings, Trials

if TYPE_CHECKING:
    from memento.history.repository import Repository
    from memento.train import Run

Verdict = Literal["good", "bad", "skip"]
SKIP, LAST = 125, 127
_NEAR = 1024


@dataclass(frozen=True)
class Step:
    """One commit that was tried: its id, the verdict, and what was found in words."""

    commit: str
    verdict: Verdict
    words: str = ""


@dataclass(frozen=True)
class Outcome:
    """How a bisection ended: the first bad commit, or the `suspects` among which skipping leaves it."""

    first_bad: str
    suspects: tuple[str, ...]
    steps: tuple[Step, ...]


class Bisection:
    """The commits between good ones and a bad one.

    Raises `UsageError` where the bad one is in the history of a good one.
    """

    def __init__(self, walker: Walker, good: Sequence[str], bad: str) -> None:
        self.walker = walker
        self.good = list(dict.fromkeys(good))
        self.bad = bad
        self.skipped: set[str] = set()
        if bad in walker.ancestors(self.good):
            raise UsageError(f"{bad[:10]} is bad, and in the history of what is good", "name them the other way round")
        below = walker.ancestors([bad])
        sure = walker.ancestors(one for one in self.good if one in below)
        bases = [base for one in self.good if one not in below for base in walker.merge_bases(one, bad)]
        self._bases = [base for base in dict.fromkeys(bases) if base not in sure]

    def remaining(self) -> list[str]:
        """The commits one of which is the first bad one, older first; the last is bad."""
        return [commit.id for commit in self.walker.log([self.bad], self.good)][::-1]

    def next(self) -> str:
        """The commit to try next, empty where there is none left to try."""
        self._bases = [base for base in self._bases if base not in self.skipped and base not in self.good]
        if self._bases:
            return self._bases[0]
        remaining = self.remaining()
        if not self.skipped:
            found = self._middle(remaining)
            return found if found != self.bad else ""
        weights = self._weights(remaining)
        order = sorted(remaining, key=lambda c: -min(weights[c], len(remaining) - weights[c]))
        return next((c for c in order if c not in self.skipped and c != self.bad), "")

    def mark(self, commit: str, verdict: Verdict) -> None:
        """Takes a verdict in. Raises `UsageError` where good and bad have parted before a bad commit."""
        if verdict == "skip":
            self.skipped.add(commit)
        elif verdict == "good":
            self.good.append(commit)
        elif commit in self._bases:
            raise UsageError(
                f"{commit[:10]}, from which good and bad part, is bad itself: what is good was mended since",
                "name a good commit in the history of the bad one",
            )
        else:
            self.bad = commit

    def suspects(self) -> list[str]:
        """What may be the first bad commit once nothing is left to try."""
        return [commit for commit in self.remaining() if commit in self.skipped or commit == self.bad]

    def _middle(self, remaining: list[str]) -> str:
        """The commit that parts those that remain most evenly: the one that git takes of several."""
        count = len(remaining)
        among = set(remaining)
        weights: dict[str, int] = {}
        parents = {c: [p for p in self.walker.commit(c).parents if p in among] for c in remaining}

        def halves(commit: str) -> bool:
            off = abs(2 * weights[commit] - count)
            return off <= 1 or off < count // _NEAR

        for commit in remaining:
            if not parents[commit]:
                weights[commit] = 1
        for commit in remaining:
            if len(parents[commit]) > 1:
                weights[commit] = self._below(commit, parents)
                if halves(commit):
                    return commit
        while len(weights) < count:
            for commit in remaining:
                known = next((p for p in parents[commit] if p in weights), None)
                if commit not in weights and known is not None:
                    weights[commit] = weights[known] + 1
                    if halves(commit):
                        return commit
        return max(remaining, key=lambda c: min(weights[c], count - weights[c]))

    def _weights(self, remaining: list[str]) -> dict[str, int]:
        """By commit that remains, how many of them its history has, itself included."""
        among = set(remaining)
        parents = {c: [p for p in self.walker.commit(c).parents if p in among] for c in remaining}
        return {commit: self._below(commit, parents) for commit in remaining}

    @staticmethod
    def _below(commit: str, parents: dict[str, list[str]]) -> int:
        seen, stack = {commit}, [commit]
        while stack:
            for parent in parents[stack.pop()]:
                if parent not in seen:
                    seen.add(parent)
                    stack.append(parent)
        return len(seen)


Judge = Callable[[str], Step]


def bisect(bisection: Bisection, judge: Judge, tell: Callable[[str, int], None] = lambda commit, left: None) -> Outcome:
    """Tries commits until the first bad one is found; `tell` is called before each with how many are left."""
    steps: list[Step] = []
    while commit := bisection.next():
        tell(commit, len(bisection.remaining()))
        step = judge(commit)
        steps.append(step)
        bisection.mark(commit, step.verdict)
    suspects = bisection.suspects()
    first = suspects[0] if len(suspects) == 1 else ""
    return Outcome(first, () if first else tuple(suspects), tuple(steps))


class Stopped(ConflictError):
    """The command that was to judge a commit ended in a way that is no verdict."""


@dataclass
class Command:
    """Judges a commit by a command, with MEMENTO_REV (the commit's id) and MEMENTO_DIR set.

    Exit code 0 is good, 125 cannot be told, 1 to 127 else is bad; above, or by a signal, it stops.
    """

    repository: Repository
    words: Sequence[str]
    silent: bool = False

    def __call__(self, commit: str) -> Step:
        """Runs the command for a commit. Raises `Stopped`, `UsageError`."""
        root = str(self.repository.root)
        environment = {**os.environ, "MEMENTO_REV": commit, "MEMENTO_DIR": root}
        output = subprocess.DEVNULL if self.silent else None
        try:
            code = subprocess.run(list(self.words), env=environment, stdout=output, check=False).returncode
        except OSError as error:
            way = "write the command after --: `-- ./check.sh`"
            if isinstance(error, PermissionError):
                way = f"let it be run: `chmod +x {self.words[0]}`, or name what runs it: `-- sh {self.words[0]}`"
            raise UsageError(f"cannot run {self.words[0]}: {error.strerror}", way) from None
        if code < 0 or code > LAST:
            why = f"signal {-code}" if code < 0 else f"exit code {code}"
            raise Stopped(
                f"the command ended with {why} at {commit[:10]}, which is no verdict",
                "0 is good, 125 cannot be told, 1 to 127 else is bad",
            )
        verdict: Verdict = "good" if code == 0 else "skip" if code == SKIP else "bad"
        return Step(commit, verdict, f"exit code {code}")


@dataclass
class Measure:
    """Judges a commit by a metric of a scorer trained on it, or of the `scorer` given.

    It is bad `below` or `above` a number; a commit on which it cannot be measured is skipped.
    """

    repository: Repository
    metric: str
    below: float | None = None
    above: float | None = None
    settings: Settings = field(default_factory=Settings)
    scorer: Run | None = None
    tell: Callable[[str], None] = lambda words: None

    def __post_init__(self) -> None:
        if bare(self.metric) not in METRICS:
            from memento.errors import NotFound

            raise NotFound("metric", self.metric, METRICS, f"there are {', '.join(METRICS)}")
        if (self.below is None) == (self.above is None):
            raise UsageError("say what is bad: --below X or --above X", "`memento bisect --metric ndcg --below 0.8`")
        self._trials = Trials(self.repository, self.tell)
        self._checkpoint = ""
        if self.scorer is not None:
            from memento.train.checkpoint import digest

            self._checkpoint = digest(self.scorer)

    def __call__(self, commit: str) -> Step:
        """Measures a commit."""
        tree_id = self.repository.tree_of(commit)
        try:
            figures = self._trials.figures(tree_id, self.settings, [self.metric], self.scorer, self._checkpoint)
        except StoreError:
            raise
        except MementoError as error:
            return Step(commit, "skip", error.message)
        found = figures.get(bare(self.metric))
        value = None if found is None else self._value(found)
        if value is None:
            return Step(commit, "skip", f"{self.metric} cannot be measured")
        worse = value < self.below if self.below is not None else value > (self.above or 0.0)
        return Step(commit, "bad" if worse else "good", f"{self.metric} {value:.4f}")

    def _value(self, metric: Metric) -> float | None:
        value: float | None = getattr(
            metric, self.metric.rpartition(".")[2] if bare(self.metric) != self.metric else "value"
        )
        return value

    def check_ends(self, good: Sequence[str], bad: str) -> None:
        """Raises `UsageError` where what is said to be good or bad measures otherwise."""
        for commit, wanted in (*((one, "good") for one in good), (bad, "bad")):
            step = self(commit)
            if step.verdict != wanted:
                limit = f"below {self.below:g}" if self.below is not None else f"above {self.above:g}"
                raise UsageError(
                    f"{commit[:10]} is named {wanted}, and is {step.verdict}: {step.words}, where {limit} is bad",
                    "name other ends, or another limit",
                )
