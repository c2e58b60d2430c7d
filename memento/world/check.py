"""Invariants and contradictions of a world, found column by column.

What is history is not a contradiction: a candidate may be a memory that is retired by now, and a
turn may cite, and a session be given, a memory that was retired after the session began. A memory's death is known
where a newer memory superseded it (the newer one's creation); a memory deleted at an unknown time
contradicts a turn or an injection only for a caller that compares states (``undated=True``), since one state alone
does not say which came first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

import numpy as np
import numpy.typing as npt

from memento.world import said
from memento.world.finding import Check, Finding, listed, pick, rows_of
from memento.world.graph import cycles
from memento.world.records import NULL_INT, TABLES
from memento.world.values import format_time
from memento.world.world import World

Mask = npt.NDArray[np.bool_]


def check(world: World, *, undated: bool = False, only: Collection[Check] | None = None) -> list[Finding]:
    """Everything that is wrong with `world`, in a stable order; `only` some checks (default: all).

    With `undated` a turn that cites, and an offer that injects, a memory deleted at an unknown time is a
    finding too. Reads
    tables alone, so it may be given a `World` that `World.build` would refuse.
    """
    found = [finding for one in CHECKS if only is None or one in only for finding in one.search(world, undated)]
    return in_order(found)


def in_order(found: Iterable[Finding]) -> list[Finding]:
    """Findings, each once, in a stable order."""
    return sorted(set(found), key=lambda f: (_ORDER[f.kind], f.table, f.key, f.field, f.message))


# ── references ───────────────────────────────────────────────────────────────────────────────────


def _repeated(world: World, undated: bool) -> Iterator[Finding]:
    for name, table in world.tables.items():
        if _distinct(world, name):
            continue
        seen: set[str] = set()
        for key in table.keys:
            if key in seen:
                yield Finding("repeated key", name, key, f"{TABLES[name].singular} {key} occurs more than once")
            seen.add(key)


def _distinct(world: World, name: str) -> bool:
    if name == "candidates":
        session, memory = world.candidate_sessions, world.candidate_memories
        if not len(session) or min(session.min(), memory.min()) >= 0:
            pairs = np.sort(session * len(world.memories) + memory)
            return not np.any(pairs[1:] == pairs[:-1])
    return len(world.tables[name].row_of) == len(world.tables[name])


def _dangling(table: str, field: str, target: str) -> Callable[[World, bool], Iterator[Finding]]:
    is_set = TABLES[table].field(field).kind == "set"

    def search(world: World, undated: bool) -> Iterator[Finding]:
        rows, known = world.tables[table], world.tables[target].row_of
        if is_set:
            column = rows[field]
            pairs = [(row, item) for row in np.flatnonzero(column != "").tolist() for item in column[row].split(" ")]
            missing = [(row, item) for row, item in pairs if item not in known]
        else:
            bad = np.flatnonzero((rows_of(world, table, field, target) < 0) & (rows[field] != ""))
            missing = [(row, rows[field][row]) for row in bad.tolist()]
        for row, item in missing:
            key, other = rows.keys[row], f"{TABLES[target].singular} {item}"
            message = f"{TABLES[table].singular} {key} refers by {field} to {other}, which is not there"
            yield Finding("dangling reference", table, key, message, field, ((target, item),))

    return search


# ── memories ─────────────────────────────────────────────────────────────────────────────────────


def _supersession_cycles(world: World, undated: bool) -> Iterator[Finding]:
    keys = world.memories.keys
    for walk in cycles(rows_of(world, "memories", "superseded_by", "memories")):
        ids = [keys[row] for row in walk]
        first = ids.index(min(ids))
        ids = ids[first:] + ids[:first]
        message = f"memories supersede each other in a circle: {listed([*ids, ids[0]])}"
        involved = tuple(("memories", i) for i in ids)
        yield Finding("supersession cycle", "memories", ids[0], message, "superseded_by", involved)


def _live_but_superseded(world: World, undated: bool) -> Iterator[Finding]:
    memories = world.memories
    for row in np.flatnonzero((memories["superseded_by"] != "") & ~memories["deleted"]).tolist():
        key, newer = memories.keys[row], memories["superseded_by"][row]
        message = f"memory {key} is superseded by {newer} but not marked deleted"
        yield Finding("live but superseded", "memories", key, message, "deleted", (("memories", newer),))


def _two_live_values(world: World, undated: bool) -> Iterator[Finding]:
    memories, aspects = world.memories, world.aspects
    if not len(aspects):
        return
    of_aspect = rows_of(world, "memories", "aspect", "aspects")
    counted = ~memories["deleted"] & (of_aspect >= 0) & (memories["value"] != "") & (memories["kind"] != "episode")
    rows = np.flatnonzero(counted & pick(aspects["single_valued"], of_aspect, 0).astype(bool))
    values: dict[int, dict[str, list[str]]] = {}
    columns = (of_aspect[rows].tolist(), memories["value"][rows].tolist(), memories["id"][rows].tolist())
    for aspect, value, key in zip(*columns, strict=True):
        values.setdefault(aspect, {}).setdefault(value, []).append(key)
    for aspect, held in values.items():
        if len(held) > 1:
            ids = sorted(key for keys in held.values() for key in keys)
            said = listed([f"{value!r} ({min(keys)})" for value, keys in sorted(held.items())])
            key, name = aspects.keys[aspect], aspects["name"][aspect]
            message = f"aspect {key} ({name}) can hold one value and has {len(held)}: {said}"
            yield Finding("two live values", "aspects", key, message, "", tuple(("memories", i) for i in ids))


# ── time ─────────────────────────────────────────────────────────────────────────────────────────

_BACKWARDS = "time runs backwards"
_RETIRED = "acts after retirement"


def _sessions_backwards(world: World, undated: bool) -> Iterator[Finding]:
    sessions = world.sessions
    for row in np.flatnonzero(sessions["ended_at"] < sessions["started_at"]).tolist():
        start, end = (format_time(int(sessions[name][row])) for name in ("started_at", "ended_at"))
        message = f"session {sessions.keys[row]} ends at {end}, before it starts at {start}"
        yield Finding(_BACKWARDS, "sessions", sessions.keys[row], message, "ended_at")


def _entities_backwards(world: World, undated: bool) -> Iterator[Finding]:
    entities = world.entities
    retired = entities["retired_at"]
    for row in np.flatnonzero((retired != NULL_INT) & (retired < entities["created_at"])).tolist():
        message = f"entity {entities.keys[row]} retired at {format_time(int(retired[row]))}, before it appeared"
        yield Finding(_BACKWARDS, "entities", entities.keys[row], message, "retired_at")


def _superseded_by_older(world: World, undated: bool) -> Iterator[Finding]:
    memories = world.memories
    newer = rows_of(world, "memories", "superseded_by", "memories")
    wrong = (newer >= 0) & (pick(memories["created_at"], newer) < memories["created_at"])
    for row in np.flatnonzero(wrong).tolist():
        key, other = memories.keys[row], memories.keys[newer[row]]
        message = f"memory {key} is superseded by memory {other}, which is older"
        yield Finding(_BACKWARDS, "memories", key, message, "superseded_by", (("memories", other),))


def _offered_early(world: World, undated: bool) -> Iterator[Finding]:
    memories, sessions, candidates = world.memories, world.sessions, world.candidates
    memory, session = world.candidate_memories, world.candidate_sessions
    if not (len(memories) and len(sessions) and len(candidates)):
        return
    wrong = (memories["created_at"][memory] > sessions["ended_at"][session]) & (memory >= 0) & (session >= 0)
    for row in np.flatnonzero(wrong).tolist():
        of_memory, of_session = candidates["memory"][row], candidates["session"][row]
        message = f"session {of_session} was offered memory {of_memory}, which was written after the session ended"
        involved = (("memories", of_memory), ("sessions", of_session))
        yield Finding(_BACKWARDS, "candidates", f"{of_session}/{of_memory}", message, "memory", involved)


def _acts_after_retirement(table: str, field: str, time: str) -> Callable[[World, bool], Iterator[Finding]]:
    def search(world: World, undated: bool) -> Iterator[Finding]:
        rows, entities = world.tables[table], world.entities
        entity = rows_of(world, table, field, "entities")
        retired = pick(entities["retired_at"], entity)
        for row in np.flatnonzero((retired != NULL_INT) & (rows[time] > retired)).tolist():
            key, other = rows.keys[row], entities.keys[entity[row]]
            message = (
                f"{TABLES[table].singular} {key} of {format_time(int(rows[time][row]))} is about entity {other}, "
                f"retired at {format_time(int(retired[row]))}"
            )
            yield Finding(_RETIRED, table, key, message, field, (("entities", other),))

    return search


def _references() -> Iterator[Check]:
    for table, schema in TABLES.items():
        for one in schema.fields:
            if one.target:
                search = _dangling(table, one.name, one.target)
                yield Check("dangling reference", search, table, {"": (one.name,), one.name: ()})


_DEATH: Mapping[str, tuple[str, ...]] = {"": ("deleted", "superseded_by"), "superseded_by": ("created_at",)}


def _at(field: str, roles: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Roles seen from a row that refers to them by `field`."""
    return {f"{field}.{path}" if path else field: fields for path, fields in roles.items()}


CHECKS: tuple[Check, ...] = (
    Check("repeated key", _repeated),
    *_references(),
    Check("supersession cycle", _supersession_cycles, "memories", {"": ("superseded_by",)}, chain="superseded_by"),
    Check("live but superseded", _live_but_superseded, "memories", {"": ("superseded_by", "deleted")}),
    Check(
        "two live values",
        _two_live_values,
        "memories",
        {"": ("aspect", "value", "deleted", "kind"), "aspect": ("single_valued",)},
        group="aspect",
    ),
    Check(
        "cites a deleted memory",
        said.cites_deleted,
        "turns",
        {"": ("cites", "session"), "session": ("started_at",), **_at("cites", _DEATH)},
    ),
    Check("broken thread", said.broken_threads, "turns", {"": ("parent", "session"), "parent": ("session",)}, "parent"),
    Check(
        "injects a deleted memory",
        said.injects_deleted,
        "candidates",
        {"": ("memory", "session", "injected"), "session": ("started_at",), **_at("memory", _DEATH)},
    ),
    Check(
        "label against preference",
        said.label_against_preference,
        "candidates",
        {"": ("memory", "session", "used", "relevance")},
        group="session",
    ),
    Check(_BACKWARDS, _sessions_backwards, "sessions", {"": ("started_at", "ended_at")}),
    Check(_BACKWARDS, _entities_backwards, "entities", {"": ("created_at", "retired_at")}),
    Check(
        _BACKWARDS,
        _superseded_by_older,
        "memories",
        {"": ("superseded_by", "created_at"), "superseded_by": ("created_at",)},
    ),
    Check(
        _BACKWARDS,
        _offered_early,
        "candidates",
        {"": ("memory", "session"), "memory": ("created_at",), "session": ("ended_at",)},
    ),
    Check(
        _RETIRED,
        _acts_after_retirement("memories", "entity", "created_at"),
        "memories",
        {"": ("entity", "created_at"), "entity": ("retired_at",)},
    ),
    Check(
        _RETIRED,
        _acts_after_retirement("sessions", "topic", "started_at"),
        "sessions",
        {"": ("topic", "started_at"), "topic": ("retired_at",)},
    ),
)
"""Every check. A new one is a function and a row."""
_ORDER = {kind: place for place, kind in enumerate(dict.fromkeys(one.kind for one in CHECKS))}
