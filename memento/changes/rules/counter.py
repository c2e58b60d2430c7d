"""A count: the base and both increments.

Sides that arrive at the same count are taken to have seen the same events, as m(b, x, x) = x asks;
without a known base there is no increment, so sides that differ are apart. The rule never guesses.
"""

from __future__ import annotations

from typing import Any

from memento.changes.rules.algebra import APART, Mark, settle


def merge(base: Any, ours: Any, theirs: Any) -> Any:
    """``base + (ours - base) + (theirs - base)``, or `APART`."""
    settled = settle(base, ours, theirs)
    if settled is not APART:
        return settled
    if isinstance(base, Mark) or None in (base, ours, theirs):
        return APART
    return ours + theirs - base
