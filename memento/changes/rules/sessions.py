"""Sessions are united by id, in order of time; a deleted one takes what belongs to it along.

So where one side deletes a session and the other changed it, or said or offered something in it,
the whole session is in conflict: one delete/modify conflict, not one for each turn.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from memento.changes.diff import TableDiff


def merge(gone: Collection[str], mine: Mapping[str, TableDiff], other: Mapping[str, TableDiff]) -> set[str]:
    """Those of the sessions `gone` on one side that the other side's differences put something into.

    `mine` are the differences of the side that deleted them: what it moved elsewhere first is not lost,
    and holds nothing.
    """
    held: set[str] = set()
    wanted = set(gone)
    if "sessions" in other:
        held |= wanted & set(other["sessions"].after.keys)
    for name in ("turns", "candidates"):
        if name in other:
            kept = mine[name].new.row_of if name in mine else {}
            new = other[name].new
            held |= {s for key, s in zip(new.keys, new["session"].tolist(), strict=True) if key not in kept} & wanted
    return held
