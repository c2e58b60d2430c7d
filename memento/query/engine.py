"""Evaluating an expression: for sets at once, what costs least first, on what is left alone."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from memento.errors import MementoError, StoreError, UsageError
from memento.expression import Call, Comparison, Every, ExpressionError, Node, Not, Number, Some, Text, parse, unknown
from memento.history.commit import Commit
from memento.history.repository import Repository
from memento.query.facts import Facts, Subject
from memento.query.functions import FUNCTIONS, Function

if TYPE_CHECKING:
    from typing import Protocol

    class HasRepository(Protocol):
        """A workspace."""

        repository: Repository


T = TypeVar("T")
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def select(where: Repository | HasRepository, expression: str) -> list[str]:
    """The names of the branches that satisfy an expression, sorted. Raises `UsageError`, `NotFound`."""
    return Query(expression).branches(where if isinstance(where, Repository) else where.repository)


def commits(where: Repository | HasRepository, expression: str, among: Iterable[Commit]) -> list[Commit]:
    """Those of some commits that satisfy an expression, in their order.

    What is asked about branches, such as ``name("x*")``, holds for the commits of their histories.
    """
    return Query(expression).commits(where if isinstance(where, Repository) else where.repository, among)


class Query:
    """An expression, parsed and checked: every fault but those of revisions is found here."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.root = parse(text)
        self._check(self.root)

    def branches(self, repository: Repository) -> list[str]:
        """The names of the branches that satisfy it, sorted."""
        facts = Facts(repository)
        found = _Evaluation(self.text, facts, "branch").whole(self.root, set(facts.branches))
        return sorted(subject.name for subject in found)

    def commits(self, repository: Repository, among: Iterable[Commit]) -> list[Commit]:
        """Those of some commits that satisfy it, in their order."""
        wanted = list(among)
        subjects = {Subject("", commit.id) for commit in wanted}
        found = _Evaluation(self.text, Facts(repository), "commit").whole(self.root, subjects)
        return [commit for commit in wanted if Subject("", commit.id) in found]

    # ── checking ─────────────────────────────────────────────────────────────────────────────────

    def _check(self, node: Node) -> None:
        """Raises `ExpressionError` where a condition is none."""
        if isinstance(node, Not):
            self._check(node.operand)
        elif isinstance(node, Every | Some):
            for operand in node.operands:
                self._check(operand)
        elif isinstance(node, Comparison):
            self._check_comparison(node)
        elif isinstance(node, Call):
            function = self._function(node)
            if function.kind != "truth":
                word = "2026-02-01" if function.kind == "time" else "3"
                shown = f'"{word}"' if function.kind == "time" else word
                raise ExpressionError(
                    self.text, node.at, f"{node.name}() is a {function.kind}, not a condition",
                    f"compare it: {node.name}({', '.join(a.value for a in node.arguments)}) > {shown}",
                )  # fmt: skip
        else:
            what = "a number" if isinstance(node, Number) else "a text"
            raise ExpressionError(self.text, node.at, f"{what} is no condition", "compare it with something")

    def _check_comparison(self, node: Comparison) -> None:
        kinds = [self._kind(side) for side in (node.left, node.right)]
        if "time" in kinds:
            for side in (node.left, node.right):
                if isinstance(side, Text):
                    _time(self.text, side)
                elif self._kind(side) != "time":
                    raise ExpressionError(self.text, side.at, "a time is compared with a time", 'such as "2026-02-01"')
        elif "text" in kinds:
            side = node.left if kinds[0] == "text" else node.right
            raise ExpressionError(self.text, side.at, "a number is compared with a number", "leave out the quotes")

    def _kind(self, node: Node) -> str:
        if isinstance(node, Number):
            return "number"
        if isinstance(node, Text):
            return "text"
        if isinstance(node, Call):
            function = self._function(node)
            if function.kind != "truth":
                return function.kind
            hint = f"{function.signature} stands alone: it holds or does not"
            if node.name == "runs":
                hint = "count(runs) is their number"
            raise ExpressionError(self.text, node.at, f"{node.name}() is not a number", hint)
        raise ExpressionError(self.text, node.at, "only numbers and times can be compared", "")

    def _function(self, call: Call) -> Function:
        if call.name not in FUNCTIONS:
            if not call.called:
                hint = f"name({call.name}) is the branch of this name; functions have parentheses: all()"
                raise ExpressionError(self.text, call.at, f"{call.name!r} is not a condition", hint)
            raise unknown(self.text, call, "function", list(FUNCTIONS))
        function = FUNCTIONS[call.name]
        if not call.called:
            raise ExpressionError(self.text, call.at, f"{call.name} is a function", f"write {function.signature}")
        given, least, most = len(call.arguments), function.least, len(function.takes)
        if given < least or (given > most and not function.repeats):
            at = call.arguments[most].at if given > most else call.at
            wants = f"{least} or more" if function.repeats else str(least) if least == most else f"{least} to {most}"
            raise ExpressionError(
                self.text, at, f"{call.name}() takes {wants if most else 'no'} arguments, not {given}",
                f"write {function.signature}",
            )  # fmt: skip
        return function


class _Evaluation:
    """One query on one repository, about its branches or about commits."""

    def __init__(self, text: str, facts: Facts, about: Literal["branch", "commit"]) -> None:
        self.text = text
        self.facts = facts
        self.about = about

    def whole(self, root: Node, subjects: set[Subject]) -> set[Subject]:
        """As `of`; every function is asked about nothing before, so that a faulty argument is found
        even where nothing is left to ask about."""
        self._try(root)
        return self.of(root, subjects)

    def _try(self, node: Node) -> None:
        if isinstance(node, Not):
            self._try(node.operand)
        elif isinstance(node, Every | Some):
            for operand in node.operands:
                self._try(operand)
        else:
            self.leaf(node, ())

    def of(self, node: Node, subjects: set[Subject]) -> set[Subject]:
        """Those of some subjects for which a condition holds."""
        if not subjects:
            return set()
        if isinstance(node, Not):
            return subjects - self.of(node.operand, subjects)
        if isinstance(node, Every):
            for operand in sorted(node.operands, key=_cost):
                subjects = self.of(operand, subjects)
            return subjects
        if isinstance(node, Some):
            found: set[Subject] = set()
            for operand in sorted(node.operands, key=_cost):
                found |= self.of(operand, subjects - found)
            return found
        if self.about == "commit" and any(call.of == "branch" for call in _functions(node)):
            tips = self.leaf(node, self.facts.branches)
            history = self.facts.walker.ancestors(subject.commit for subject in tips)
            return {subject for subject in subjects if subject.commit in history}
        return self.leaf(node, sorted(subjects))

    def leaf(self, node: Node, subjects: Sequence[Subject]) -> set[Subject]:
        """Those of some subjects for which one condition holds."""
        if isinstance(node, Comparison):
            left, right = (self._values(side, subjects) for side in (node.left, node.right))
            compare = _SIGNS[node.sign]
            return {s for s in subjects if s in left and s in right and compare(left[s], right[s])}
        assert isinstance(node, Call)
        function = FUNCTIONS[node.name]
        assert function.holds is not None
        return set(self._asked(node, function.holds, subjects))

    def _values(self, node: Node, subjects: Sequence[Subject]) -> Mapping[Subject, float]:
        if isinstance(node, Number):
            return dict.fromkeys(subjects, node.value)
        if isinstance(node, Text):
            return dict.fromkeys(subjects, _time(self.text, node))
        assert isinstance(node, Call)
        function = FUNCTIONS[node.name]
        assert function.values is not None
        return self._asked(node, function.values, subjects)

    def _asked(
        self, call: Call, ask: Callable[[Facts, Sequence[str], Sequence[Subject]], T], subjects: Sequence[Subject]
    ) -> T:
        """What a function answers; a complaint about an argument says where that stands."""
        if FUNCTIONS[call.name].of == "commit" and self.about == "branch":
            raise ExpressionError(
                self.text, call.at, f"{call.name}() asks about commits, not branches", "`memento log --where` takes it"
            )
        try:
            return ask(self.facts, [argument.value for argument in call.arguments], subjects)
        except (ExpressionError, StoreError):
            raise
        except MementoError as error:
            first = call.arguments[0].at if call.arguments else call.at
            at = next((argument.at for argument in call.arguments if argument.value in error.message), first)
            raise ExpressionError(self.text, at, error.message, error.hint) from None


def _functions(node: Node) -> list[Function]:
    """The functions of one condition."""
    sides = (node.left, node.right) if isinstance(node, Comparison) else (node,)
    return [FUNCTIONS[side.name] for side in sides if isinstance(side, Call)]


def _time(text: str, place: Text) -> float:
    from memento.world.values import parse_time

    try:
        return float(parse_time(place.value))
    except UsageError as error:
        raise ExpressionError(text, place.at, error.message, error.hint or 'such as "2026-02-01"') from None


def _cost(node: Node) -> int:
    """How long a condition takes: as its dearest part."""
    if isinstance(node, Not):
        return _cost(node.operand)
    if isinstance(node, Every | Some):
        return max(map(_cost, node.operands))
    if isinstance(node, Comparison):
        return max(_cost(node.left), _cost(node.right))
    return FUNCTIONS[node.name].cost if isinstance(node, Call) else 0
