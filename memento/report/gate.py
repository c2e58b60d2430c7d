"""Thresholds that a report must show: ``ndcg.low >= 0.4``, or ``ndcg=0.4`` for at least that much."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from memento.errors import UsageError
from memento.expression import ExpressionError
from memento.history.requirement import FLIPS, VIOLATIONS, Requirement, bare
from memento.history.runs import Metric

_SHORT = re.compile(r"\s*([a-z0-9_.-]+)\s*=\s*([0-9.eE+-]+)\s*")
_LONGEST = 65_536
HINT = "write it as ndcg.low>=0.4 or ndcg=0.4, or name a file with one such line each"


@dataclass(frozen=True)
class Fallen:
    """A threshold that does not hold: on which revision, what is there, and what was asked of it."""

    revision: str
    metric: str
    found: str
    wanted: str

    def __str__(self) -> str:
        return f"{self.metric} on {self.revision} is {self.found}, asked is {self.wanted}"


def requirements(given: Sequence[str]) -> list[Requirement]:
    """The thresholds of texts, or of the lines of files; a line that begins with # says nothing.

    Raises `UsageError` for what is no threshold, with the line of a file that it is in, for a file without any, and
    for what no report measures.
    """
    found = []
    for text in given:
        lines = _lines(text)
        if not lines:
            raise UsageError(f"{text} asks for nothing", HINT)
        for where, line in lines:
            short = _SHORT.fullmatch(line)
            try:
                made = Requirement(f"{short.group(1)} >= {short.group(2)}" if short else line)
            except ExpressionError as error:
                raise UsageError(f"{where}{error.message}", f"{error.hint}; {HINT}") from None
            if VIOLATIONS in made.names or any(name.startswith(f"{FLIPS}(") for name in made.names):
                raise UsageError(
                    f"a report measures a scorer, and {line!r} asks of a world", "`memento config` has gates"
                )
            found.append(made)
    return found


def fallen(asked: Sequence[Requirement], figures: Mapping[str, Mapping[str, Metric]]) -> list[Fallen]:
    """Every threshold that does not hold, revision by revision; `figures` has the metrics of each.

    A metric that a world cannot show, such as a canary where nothing is planted, or the end of an interval that one
    session does not have, is asked of the others alone; where none shows it, its threshold falls.
    """
    found = []
    for requirement in asked:
        able = [
            revision
            for revision, known in figures.items()
            if all(_value(known, name) is not None for name in requirement.names)
        ]
        for revision in able or list(figures):
            values = {name: _value(figures[revision], name) for name in requirement.names}
            if not requirement.holds(values):
                for name, wanted in requirement.failing(values) or [(requirement.names[0], requirement.text)]:
                    found.append(Fallen(revision, name, _words(figures[revision], name), wanted))
    return found


def _lines(text: str) -> list[tuple[str, str]]:
    """Thresholds, each with where it stands where that is a file."""
    path = Path(text)
    if not any(sign in text for sign in "<>=") and (path.suffix or path.exists()):
        try:
            text = path.read_bytes()[:_LONGEST].decode("utf-8")
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror or error}", HINT) from None
        except UnicodeDecodeError:
            raise UsageError(f"{path} is not a text", HINT) from None
        lines = [(f"{path}, line {number}: ", line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    else:
        lines = [("", line.strip()) for line in text.splitlines()]
    return [(where, line) for where, line in lines if line and not line.startswith("#")]


def _value(known: Mapping[str, Metric], name: str) -> float | None:
    metric = known.get(bare(name))
    end = name.rpartition(".")[2] if bare(name) != name else "value"
    value: float | None = getattr(metric, end) if metric else None
    return value


def _words(known: Mapping[str, Metric], name: str) -> str:
    value = _value(known, name)
    if value is not None:
        return f"{value:.3f}"
    metric = known.get(bare(name))
    return "not measured" if metric is None else f"unknown: {metric.value:.3f} has no interval"
