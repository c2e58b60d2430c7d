"""What a branch's gate asks of a world: an expression over metrics, such as ``canary.recency >= 0.95``."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from memento.errors import NotFound, UsageError, nearest
from memento.expression import Call, Comparison, Every, ExpressionError, Node, Not, Number, Some, parse
from memento.models import BASELINES

RANKING = ("ndcg", "mrr", "recall", "share", "skill")
MARGINS = tuple(f"margin.{name}" for name in (*BASELINES, "chance"))
CANARIES = tuple(f"canary.{name}" for name in ("selective", "temporal", "recency", "supersession", "combined"))
SHARP = tuple(name.replace("canary", "sharp") for name in CANARIES)
CONTRACTS = tuple(
    f"contract.{name}" for name in ("temporal", "recency", "frequency", "entity", "suppression", "session", "combined")
)
METRICS = (*RANKING, *MARGINS, *CANARIES, *SHARP, *CONTRACTS)
"""The figures of a run record; a test holds them against `memento.measure.runs`."""

VIOLATIONS = "violations"
FLIPS = "flips"
ENDS = (".low", ".high")
SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def unknown_metric(name: str, there: Sequence[str]) -> UsageError:
    """The error for a metric that is not among those of some runs."""
    if name in METRICS:
        return UsageError(f"none of these runs has {name}", "`memento evaluate` measures what a world can show")
    return NotFound("metric", name, there, f"there are {', '.join(there)}")


@dataclass(frozen=True, slots=True)
class Found:
    """A number that was asked for: its name as written, the number (None: it cannot be had), and the words for it."""

    name: str
    value: float | None
    words: str


class Requirement:
    """An expression over metrics, checked. Raises `ExpressionError`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.root = parse(text)
        self.names: tuple[str, ...] = tuple(dict.fromkeys(self._read(self.root)))

    @property
    def metrics(self) -> list[str]:
        """The metrics that it names, without ``.low`` and ``.high``."""
        return [bare(name) for name in self.names if name != VIOLATIONS and not name.startswith(f"{FLIPS}(")]

    @property
    def flips(self) -> list[str]:
        """The revisions that label flips are counted from."""
        return [name[len(FLIPS) + 1 : -1] for name in self.names if name.startswith(f"{FLIPS}(")]

    def holds(self, values: Mapping[str, float | None]) -> bool:
        """Whether it holds for the numbers by name; a comparison with what cannot be had does not."""

        def of(node: Node) -> bool:
            if isinstance(node, Not):
                return not of(node.operand)
            if isinstance(node, Every):
                return all(map(of, node.operands))
            if isinstance(node, Some):
                return any(map(of, node.operands))
            assert isinstance(node, Comparison)
            return self._compare(node, values)

        return of(self.root)

    def failing(self, values: Mapping[str, float | None]) -> list[tuple[str, str]]:
        """The comparisons that do not hold: (the name of what is measured, what was asked of it)."""
        found = []
        for node in _comparisons(self.root):
            if not self._compare(node, values):
                for side, other, sign in (
                    (node.left, node.right, node.sign),
                    (node.right, node.left, _TURNED[node.sign]),
                ):
                    if isinstance(side, Call):
                        found.append((_name(side), f"{sign} {_words(other)}"))
                        break
        return found

    def _compare(self, node: Comparison, values: Mapping[str, float | None]) -> bool:
        left, right = (
            side.value if isinstance(side, Number) else values.get(_name(side)) if isinstance(side, Call) else None
            for side in (node.left, node.right)
        )
        return left is not None and right is not None and SIGNS[node.sign](left, right)

    def _read(self, node: Node) -> Iterator[str]:
        if isinstance(node, Not):
            yield from self._read(node.operand)
        elif isinstance(node, Every | Some):
            for operand in node.operands:
                yield from self._read(operand)
        elif isinstance(node, Comparison):
            if not isinstance(node.left, Call) and not isinstance(node.right, Call):
                raise ExpressionError(self.text, node.at, "this compares no metric", f"such as {RANKING[0]} >= 0.8")
            yield from self._side(node.left)
            yield from self._side(node.right)
        else:
            word = node.name if isinstance(node, Call) else RANKING[0]
            if isinstance(node, Call):
                list(self._side(node))
            raise ExpressionError(self.text, node.at, "this asks for nothing", f"compare it: {word} >= 0.8")

    def _side(self, node: Node) -> Iterator[str]:
        if isinstance(node, Number):
            return
        if not isinstance(node, Call):
            raise ExpressionError(self.text, node.at, "only metrics and numbers can be compared", "such as ndcg >= 0.8")
        if node.name == FLIPS:
            if len(node.arguments) != 1:
                raise ExpressionError(
                    self.text, node.at, "label flips are counted from one revision", "such as flips(main) <= 10"
                )
        elif node.called:
            raise ExpressionError(
                self.text, node.at, f"there is no function {node.name}() here", "metrics stand without parentheses"
            )
        elif bare(node.name) not in METRICS and node.name != VIOLATIONS:
            known = [*METRICS, VIOLATIONS, "flips(REV)"]
            near = nearest(node.name, known)
            hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
            raise ExpressionError(self.text, node.at, f"no metric named {node.name!r}", hint)
        yield _name(node)


_TURNED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def bare(name: str) -> str:
    """The name of a metric without the end of its interval that is asked for."""
    for end in ENDS:
        name = name.removesuffix(end)
    return name


def _name(call: Call) -> str:
    return f"{FLIPS}({call.arguments[0].value})" if call.name == FLIPS and call.arguments else call.name


def _words(node: Node) -> str:
    return f"{node.value:g}" if isinstance(node, Number) else _name(node) if isinstance(node, Call) else "?"


def _comparisons(node: Node) -> Iterator[Comparison]:
    if isinstance(node, Comparison):
        yield node
    elif isinstance(node, Not):
        yield from _comparisons(node.operand)
    elif isinstance(node, Every | Some):
        for operand in node.operands:
            yield from _comparisons(operand)
