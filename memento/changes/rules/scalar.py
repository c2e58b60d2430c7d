"""One value: the changed side; both changed alike is accepted, both changed apart is a conflict."""

from __future__ import annotations

from typing import Any

from memento.changes.rules.algebra import settle


def merge(base: Any, ours: Any, theirs: Any) -> Any:
    """The value of the side that changed it, or `APART`."""
    return settle(base, ours, theirs)
