"""History: worlds as commits in a bare git repository, with branches, operations and undo."""

from __future__ import annotations

from memento.history.commit import Commit
from memento.history.merging import MergeState
from memento.history.operations import Batch
from memento.history.oplog import Operation
from memento.history.repository import Branch, Repository, Tag

__all__ = ["Batch", "Branch", "Commit", "MergeState", "Operation", "Repository", "Tag"]
