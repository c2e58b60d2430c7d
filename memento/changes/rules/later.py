"""A clock: where both sides moved it, the later of both."""

from __future__ import annotations

from typing import Any

from memento.changes.rules.algebra import APART, settle


def merge(base: Any, ours: Any, theirs: Any) -> Any:
    """The changed side, or the later of both; never `APART`."""
    settled = settle(base, ours, theirs)
    return max(ours, theirs) if settled is APART else settled
