"""A set: what both sides added, without what either removed.

A record that was not there had the empty set; where the bases disagree, sides that differ are
apart.
"""

from __future__ import annotations

from typing import Any

from memento.changes.rules.algebra import ABSENT, APART, UNKNOWN, settle


def merge(base: Any, ours: Any, theirs: Any) -> Any:
    """The sorted list of members, or `APART`."""
    settled = settle(base, ours, theirs)
    if settled is not APART or base is UNKNOWN:
        return settled
    old, a, b = set(() if base is ABSENT else base), set(ours), set(theirs)
    return sorted((old & a & b) | (a - old) | (b - old))
