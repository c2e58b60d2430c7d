"""Sessions are united by id, in order of time; a deleted one takes what belongs to it along.

So where one side deletes a session and the other changed it, or said or offered something in it,
the whole session is in conflict: one delete/modify conflict, not one for each turn.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from memento.changes.diff import TableDiff


def merge(gone: Collection[str], other: Mapping[str, TableDiff]) -> set[str]:
    """Those of the sessions `gone` on one side that the other side's differences put something into."""
    held: set[str] = set()
    wanted = set(gone)
    if "sessions" in other:
        held |= wanted & set(other["sessions"].after.keys)
    for name in ("turns", "candidates"):
        if name in other:
            held |= wanted & set(other[name].new["session"].tolist())
    return held
