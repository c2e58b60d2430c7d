"""A catalogue: names that lead to objects which are imported only when they are asked for.

Patterns, models, formats, commands and scenarios are each one file and one row in such a table.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from memento.errors import NotFound


@dataclass(frozen=True, slots=True)
class Row:
    """One entry: where the object lives (``package.module:attribute``) and what it is for."""

    target: str
    summary: str


class Catalog(Mapping[str, Any]):
    """A read-only mapping from a name to its object, imported on first use.

    `what` is the word used in errors ("no model named 'signt'; did you mean signet?").
    Raises `NotFound` for an unknown name.
    """

    def __init__(self, what: str, rows: Mapping[str, Row]) -> None:
        self.what = what
        self.rows = dict(rows)

    def __getitem__(self, name: str) -> Any:
        if name not in self.rows:
            raise NotFound(self.what, name, self.rows, f"known: {', '.join(self.rows)}")
        module, _, attribute = self.rows[name].target.partition(":")
        return getattr(importlib.import_module(module), attribute)

    def __contains__(self, name: object) -> bool:
        return name in self.rows

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)
