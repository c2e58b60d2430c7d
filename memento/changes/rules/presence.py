"""Is the record there: delete against modify is a conflict, delete against delete converges."""

from __future__ import annotations

from typing import Any

from memento.changes.rules.algebra import settle


def merge(base: Any, ours: Any, theirs: Any) -> Any:
    """A whole record, or None for deleted, where one side is deleted; `APART` where the other changed it.

    `base`, `ours` and `theirs` are plain records or None. Where both sides hold the record, its
    fields are merged instead.
    """
    if ours is not None and theirs is not None:
        raise ValueError("both sides hold the record: merge its columns")
    return settle(base, ours, theirs) if ours is not None or theirs is not None else None
