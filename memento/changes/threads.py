"""Choosing among the threads of a session, as operations of an edit."""

from __future__ import annotations

from memento.changes.operations import Set
from memento.errors import UsageError
from memento.world.threads import Threads


def choosing(threads: Threads, turn: str) -> list[Set]:
    """What makes the thread through `turn` the main line; nothing where it is.

    Raises `UsageError` where no turn on the way to it has an alternative.
    """
    if all(len(threads.children[threads.above[key]]) == 1 for key in threads.way(turn)):
        raise UsageError(
            f"there is nothing to choose: no turn on the way to turn:{turn} has an alternative",
            f"`memento thread session:{threads.turns['session'][0]}` lists the threads",
        )
    return [Set("turns", key, {"preference": value}) for key, value in threads.choosing(turn).items()]
