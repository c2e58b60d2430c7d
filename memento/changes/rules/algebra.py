"""What all rules share: the states of a base beside its values, and the laws of equal sides."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any


class Mark(Enum):
    """Not a value.

    As a base: `ABSENT`, the record was not there; `UNKNOWN`, the bases disagree. As a result:
    `APART`, the sides cannot be reconciled.
    """

    ABSENT = "absent"
    UNKNOWN = "unknown"
    APART = "apart"


ABSENT, UNKNOWN, APART = Mark.ABSENT, Mark.UNKNOWN, Mark.APART
Rule = Callable[[Any, Any, Any], Any]
"""``(base, ours, theirs) -> value``, or `APART`."""


def settle(base: Any, ours: Any, theirs: Any) -> Any:
    """What follows from the laws alone: equal sides, or one side unchanged; else `APART`."""
    if ours == theirs:
        return ours
    if isinstance(base, Mark):
        return APART
    if base == ours:
        return theirs
    return ours if base == theirs else APART
