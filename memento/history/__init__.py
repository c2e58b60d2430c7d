"""History: worlds as commits in a bare git repository, with branches, operations and undo."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from memento.history.batch import Batch
    from memento.history.commit import Commit
    from memento.history.mergestate import MergeState
    from memento.history.oplog import Operation
    from memento.history.repository import Branch, Repository, Tag

__all__ = ["Batch", "Branch", "Commit", "MergeState", "Operation", "Repository", "Tag"]

_FILES = {
    "Batch": "batch", "Branch": "repository", "Commit": "commit", "MergeState": "mergestate", "Operation": "oplog",
    "Repository": "repository", "Tag": "repository",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Imports a name on first use: the names of branches are to be had without the rest."""
    if name not in _FILES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_FILES[name]}"), name)
