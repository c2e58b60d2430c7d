"""The world as it was at an instant, by its records alone.

At instant T there is what had happened by T: sessions that had ended (a session is recorded when it
ends) with their turns and candidates; memories that had been written, unless they come from a session
that is not there; entities that had been created, with their aspects and dependencies. A memory that a
later one retired lives again, and an entity that was retired later acts again. Edits stay, whenever they
were made: records do not tell. What is left refers to nothing that is gone.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from memento.errors import NotFound, UsageError
from memento.world.records import FIRST_TIME, LAST_TIME, NULL_INT
from memento.world.table import Table
from memento.world.values import format_time
from memento.world.world import World

Flags = npt.NDArray[np.bool_]


def before_session(world: World, session: str) -> int:
    """The instant just before a session starts: one second before its first. Raises `NotFound`."""
    if session not in world.sessions.row_of:
        raise NotFound("session", session, world.sessions.row_of, "`memento show REV --table sessions` lists them")
    return int(world.sessions["started_at"][world.sessions.row_of[session]]) - 1


def at(world: World, instant: int) -> World:
    """The world at an instant, s UTC; its clock is the instant.

    Raises `UsageError` for an instant after the world's clock, or one that no calendar holds.
    """
    if not FIRST_TIME <= instant <= LAST_TIME:
        raise UsageError(f"{instant} s is not in the years 1 to 9999")
    if instant > world.manifest.clock:
        raise UsageError(
            f"{format_time(instant)} is after the world's present, {format_time(world.manifest.clock)}",
            "`memento extend BRANCH` simulates on from there",
        )
    sessions = world.sessions.take(world.sessions["ended_at"] <= instant)
    gone = set(world.sessions["id"].tolist()) - set(sessions["id"].tolist())
    entities = world.entities.take(world.entities["created_at"] <= instant)
    retired = entities["retired_at"]
    entities = entities.replace(retired_at=np.where(retired > instant, NULL_INT, retired))
    aspects = world.aspects.take(_known(world.aspects["entity"], entities))
    links = world.dependencies
    links = links.take(_known(links["source"], entities) & _known(links["target"], entities))

    memories = world.memories
    origin = np.array([name not in gone for name in memories["origin"].tolist()], bool)
    memories = memories.take((memories["created_at"] <= instant) & origin)
    undone = memories["deleted"] & _dangles(memories["superseded_by"], memories)
    undone &= _known(memories["superseded_by"], world.memories)
    memories = memories.replace(
        deleted=memories["deleted"] & ~undone,
        superseded_by=_kept(memories["superseded_by"], memories),
        entity=_kept(memories["entity"], entities),
        aspect=_kept(memories["aspect"], aspects),
    )
    sessions = sessions.replace(topic=_kept(sessions["topic"], entities))
    turns = world.turns.take(_known(world.turns["session"], sessions))
    cites = [" ".join(m for m in text.split(" ") if m in memories.row_of) for text in turns["cites"].tolist()]
    candidates = world.candidates
    candidates = candidates.take(_known(candidates["session"], sessions))
    lost = _known(candidates["memory"], world.memories) & ~_known(candidates["memory"], memories)
    tables = {
        "entities": entities, "aspects": aspects, "dependencies": links, "memories": memories,
        "sessions": sessions, "turns": turns.replace(cites=_texts(cites)), "candidates": candidates.take(~lost),
    }  # fmt: skip
    return World(replace(world.manifest, clock=instant), tables)


def _known(ids: npt.NDArray[np.object_], table: Table) -> Flags:
    rows = table.row_of
    return np.array([name in rows for name in ids.tolist()], bool)


def _dangles(ids: npt.NDArray[np.object_], table: Table) -> Flags:
    return np.asarray((ids != "") & ~_known(ids, table), bool)


def _kept(ids: npt.NDArray[np.object_], table: Table) -> npt.NDArray[np.object_]:
    """References, empty where they would dangle."""
    return np.where(_known(ids, table), ids, "")


def _texts(items: list[str]) -> npt.NDArray[np.object_]:
    column = np.empty(len(items), object)
    column[:] = items
    return column
