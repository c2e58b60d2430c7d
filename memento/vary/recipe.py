"""How a variant was made, as its commit's message tells it: enough to make it again."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache

from memento import rng
from memento.errors import MementoError
from memento.vary import CATALOG
from memento.vary.operator import Operator

_TRAILERS = re.compile(
    r"\n\nVariant-Operator: (\S{1,100})\nVariant-Parameters: (\{[^\n]{0,70000}\})"
    r"(?:\nVariant-Inverse: [^\n]{0,70000})?\nVariant-Draw: (-?[0-9]{1,20})/([0-9]{1,20})$"
)
_SUBJECT = 90
"""Characters of an operator on the first line of a commit; the whole of it stands below."""


@dataclass(frozen=True)
class Recipe:
    """An operator, the seed of an expansion, and the number that a variant has among its parent's.

    `written` are the parameters as a commit tells them, where the recipe came from one.
    """

    operator: Operator
    seed: int
    child: int
    written: str = field(default="", compare=False)

    def key(self, parent_tree: str) -> int:
        """The key of all draws: a function of the parent's content, the operator, its parameters and
        the child's number."""
        return rng.key(self.seed, "vary", parent_tree, self.operator.name, self._parameters(), self.child)

    def message(self, inverse: Operator | None = None) -> str:
        """A commit message: a line for people, then trailers that `of` reads, and the `inverse` where there is one."""
        back = f"Variant-Inverse: {inverse.name} {_written(inverse)}\n" if inverse else ""
        return (
            f"{_subject(str(self.operator))}, variant {self.child + 1}\n\nVariant-Operator: {self.operator.name}\n"
            f"Variant-Parameters: {self._parameters()}\n{back}Variant-Draw: {self.seed}/{self.child}"
        )

    def _parameters(self) -> str:
        return self.written or _written(self.operator)


def _subject(text: str) -> str:
    """What a variant was made by, without the middle of what is too long for a line."""
    half = _SUBJECT // 2
    return text if len(text) <= _SUBJECT else f"{text[:half]} … {text[-half:]}"


@lru_cache(64)
def _written(operator: Operator) -> str:
    return json.dumps(operator.to_map(), sort_keys=True, separators=(",", ":"))


def is_variant(message: str) -> bool:
    """Whether a commit's message says that its world is a variant of its parent's."""
    return _TRAILERS.search(message.rstrip()) is not None


def of(message: str) -> Recipe | None:
    """The recipe in a commit's message; None where there is none, or one of an operator not known here."""
    found = _TRAILERS.search(message.rstrip())
    if found is None or found[1] not in CATALOG:
        return None
    try:
        values = json.loads(found[2])
        return Recipe(CATALOG[found[1]].from_map(values), int(found[3]), int(found[4]), found[2])
    except (ValueError, RecursionError, MementoError):
        return None


def inverse_of(message: str) -> Operator | None:
    """The operator that takes a variant back to its parent, as its commit's message says; None where it says none."""
    found = re.search(r"\nVariant-Inverse: (\S{1,100}) (\{[^\n]{0,70000}\})\n", message)
    if found is None or found[1] not in CATALOG:
        return None
    try:
        made: Operator = CATALOG[found[1]].from_map(json.loads(found[2]))
    except (ValueError, RecursionError, MementoError):
        return None
    return made
