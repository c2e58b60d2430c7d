"""An imported world as a history: one change a calendar week, so that its past can be visited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from memento.world.records import NULL_INT, TABLES
from memento.world.table import Rows, Table, concat
from memento.world.tree import Delta
from memento.world.values import format_time
from memento.world.world import Manifest, World, empty_world

_DAY = 86_400
_WEEK = 7 * _DAY
_MONDAY = 4 * _DAY
"""The first Monday after the start of 1970, which was a Thursday."""

Times = npt.NDArray[np.int64]


class Week(NamedTuple):
    """One calendar week (UTC, from Monday): a commit message, the time of its last event, the change."""

    message: str
    time: int
    delta: Delta


@dataclass(frozen=True)
class Imported:
    """What a file holds: weeks in order of time, the first with the manifest, and notes on oddities."""

    weeks: list[Week]
    notes: list[str]

    @property
    def world(self) -> World:
        """The world after the last week."""
        parts: dict[str, list[Table]] = {name: [] for name in TABLES}
        manifest = None
        for week in self.weeks:
            manifest = week.delta.manifest or manifest
            for name, table in week.delta.upserts.items():
                parts[name].append(table)
        tables = {}
        for name, schema in TABLES.items():
            table = concat(schema, parts[name])
            last = {key: row for row, key in enumerate(table.keys)}
            tables[name] = table if len(last) == len(table) else table.take(list(last.values()))
        return World.build(manifest or empty_world().manifest, tables)


def weekly(
    what: str, manifest: Manifest, tables: Mapping[str, Table], deleted_at: Mapping[str, int] | None = None
) -> list[Week]:
    """A whole world cut into the weeks in which its records came to be.

    A memory comes when it was created and a session when it ended, with its turns and candidates;
    whatever they refer to is there by then. A memory that a newer one supersedes is live until the
    newer one comes, and one in `deleted_at` (id -> s UTC) until then. `what` begins each message.
    """
    full = {name: tables.get(name) or Table.empty(schema) for name, schema in TABLES.items()}
    memories, retired = full["memories"], _retired(full["memories"], deleted_at or {})
    weeks = _arrivals(full)
    later = np.flatnonzero((retired != NULL_INT) & (_week(retired) > weeks["memories"]))
    alive = memories.take(later)
    alive = alive.replace(deleted=np.zeros(len(later), bool), superseded_by=_texts([""] * len(later)))

    dated = [memories["created_at"], full["sessions"]["ended_at"], full["entities"]["created_at"], retired[later]]
    events = np.concatenate(dated)
    of_week = _week(events)
    steps = []
    for week in np.unique(np.concatenate([of_week, *weeks.values()])).tolist():
        upserts = {name: table.take(weeks[name] == week) for name, table in full.items()}
        upserts["memories"] = upserts["memories"].update(alive.take(weeks["memories"][later] == week))
        new = {name: len(table) for name, table in upserts.items()}
        ends = later[_week(retired[later]) == week]
        upserts["memories"] = concat(TABLES["memories"], [upserts["memories"], memories.take(ends)])
        inside = events[of_week == week]
        time = int(inside.max()) if inside.size else week * _WEEK + _MONDAY
        message = f"{what}, week of {format_time(week * _WEEK + _MONDAY)[:10]}: {_counted(new, len(ends))}"
        given = {name: table for name, table in upserts.items() if len(table)}
        steps.append(Week(message, time, Delta(given, manifest=replace(manifest, clock=time))))
    return steps or [Week(f"{what}: nothing", manifest.clock, Delta(manifest=manifest))]


def _arrivals(tables: Mapping[str, Table]) -> dict[str, Rows]:
    """The week in which each record comes, by table."""
    entities, aspects, memories, sessions = (tables[n] for n in ("entities", "aspects", "memories", "sessions"))
    weeks = {"memories": _week(memories["created_at"]), "sessions": _week(sessions["ended_at"])}
    entity, aspect = _week(entities["created_at"]), np.full(len(aspects), np.iinfo(np.int64).max)
    _bring_forward(aspect, aspects, memories["aspect"], weeks["memories"])
    of_entity = entities.rows(aspects["entity"].tolist())
    default = np.append(entity, weeks["memories"].min(initial=0))[of_entity]
    aspect = np.where(aspect == np.iinfo(np.int64).max, default, aspect)
    _bring_forward(entity, entities, aspects["entity"], aspect)
    _bring_forward(entity, entities, memories["entity"], weeks["memories"])
    _bring_forward(entity, entities, sessions["topic"], weeks["sessions"])
    edges = tables["dependencies"]
    ends = np.stack([np.append(entity, 0)[entities.rows(edges[end].tolist())] for end in ("source", "target")])
    weeks |= {"entities": entity, "aspects": aspect, "dependencies": ends.max(axis=0, initial=np.iinfo(np.int64).min)}
    for name in ("turns", "candidates"):
        weeks[name] = np.append(weeks["sessions"], 0)[sessions.rows(tables[name]["session"].tolist())]
    return weeks


def _bring_forward(weeks: Rows, table: Table, references: npt.NDArray[Any], at: Rows) -> None:
    """Lowers the week of each row of `table` to that of the first record that refers to it."""
    rows = table.rows(references.tolist())
    np.minimum.at(weeks, rows[rows >= 0], at[rows >= 0])


def _retired(memories: Table, deleted_at: Mapping[str, int]) -> Times:
    """When each deleted memory stopped being live, s UTC; null for one that is live or of unknown date."""
    newer = memories.rows(memories["superseded_by"].tolist())
    death = np.append(memories["created_at"], NULL_INT)[newer]
    own = np.array([deleted_at.get(key, NULL_INT) for key in memories.keys], np.int64)
    death = np.where(death == NULL_INT, own, death)
    return np.where(memories["deleted"], death, NULL_INT)


def _week(times: Times) -> Rows:
    return (times - _MONDAY) // _WEEK if times.size else times


def _texts(values: Sequence[str]) -> npt.NDArray[Any]:
    column = np.empty(len(values), object)
    column[:] = values
    return column


def _counted(new: Mapping[str, int], retired: int) -> str:
    shown = [name for name in ("memories", "sessions", "entities") if new[name]]
    words = [_count(new[name], TABLES[name].singular, name) for name in shown]
    if retired:
        words.append(f"{_count(retired, 'memory', 'memories')} retired")
    return ", ".join(words) or "structure only"


def _count(number: int, singular: str, plural: str) -> str:
    return f"{number} {singular if number == 1 else plural}"
