"""Turns that both sides added under one id: alternatives become sibling threads, never interleaved.

Equal words under equal parents are one turn, whose other fields are merged. Otherwise the turns of
one side take new ids, all with one mark, so that its thread stays together and in order; turns that
answer them follow. Which side keeps the ids depends on what is said alone, not on the order of the
sides.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import numpy as np

from memento import codec
from memento.world.keys import natural
from memento.world.table import Table

Renames = dict[str, str]


def merge(ours: Table, theirs: Table) -> tuple[Renames, Renames]:
    """New ids for turns of our side and of theirs; both tables hold the same ids in the same order."""
    renames: tuple[Renames, Renames] = ({}, {})
    rows = sorted(range(len(ours)), key=lambda row: natural(ours.keys[row]))
    decided: dict[str, tuple[int, str]] = {}
    while True:
        clashing = [
            row
            for row in rows
            if ours.keys[row] not in renames[0].keys() | renames[1].keys()
            and _said(ours, row, renames[0]) != _said(theirs, row, renames[1])
        ]
        if not clashing:
            return renames
        for row in clashing:
            session = min(ours["session"][row], theirs["session"][row])
            if session not in decided:
                marks = [_mark(_said(side, row, {})) for side in (ours, theirs)]
                decided[session] = (0, marks[0]) if marks[0] > marks[1] else (1, marks[1])
            side, mark = decided[session]
            renames[side][ours.keys[row]] = _renamed(ours.keys[row], mark)


def follow(table: Table, renames: Mapping[str, str]) -> Table:
    """Turns of a side whose parents have new ids."""
    if not renames or not len(table):
        return table
    parents = np.empty(len(table), object)
    parents[:] = [renames.get(parent, parent) for parent in table["parent"].tolist()]
    return table.replace(parent=parents)


def rename(table: Table, renames: Mapping[str, str]) -> Table:
    """Turns under their new ids."""
    ids = np.empty(len(table), object)
    ids[:] = [renames.get(key, key) for key in table.keys]
    return table.replace(id=ids)


def _said(table: Table, row: int, renames: Mapping[str, str]) -> list[Any]:
    parent = table["parent"][row]
    return [table["session"][row], renames.get(parent, parent), table["role"][row], table["text"][row]]


def _mark(said: list[Any]) -> str:
    """Eight letters of a hash, without digits, so that they part a stem from its number."""
    code = base64.b32encode(blake2b(codec.encode(said), digest_size=5).digest()).decode().lower()
    return code.translate(str.maketrans("234567", "zyxwvu"))


def _renamed(key: str, mark: str) -> str:
    stem, number, _ = natural(key)
    return f"{stem}{mark}-{number}" if number >= 0 else f"{stem}-{mark}"
