"""Queries over branches and commits: which of them satisfy an expression."""

from __future__ import annotations

from memento.query.engine import Query, commits, select

__all__ = ["Query", "commits", "select"]
