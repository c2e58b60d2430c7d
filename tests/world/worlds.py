"""Small worlds for tests, and random changes of them that hypothesis can shrink."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

from memento.world import tree
from memento.world.objects import MemoryObjects, ObjectStore
from memento.world.records import TABLES, key_of
from memento.world.table import Table
from memento.world.values import to_column, to_plain
from memento.world.world import Manifest, World

State = dict[str, dict[str, dict[str, Any]]]
"""A world as plain maps: records by key, by table."""
Change = tuple[str, str, str, dict[str, Any]]
"""(put or drop, table, key, fields)."""

DAY = 86_400
START = 1_700_000_000

ENTITIES = ["e-1", "e-2", "e-3"]
ASPECTS = ["a-1", "a-2"]
MEMORIES = [f"m-{n}" for n in range(6)]
SESSIONS = ["s-1", "s-2", "s-3"]
TURNS = [f"{session}.{n}" for session in SESSIONS for n in range(3)]


def record(table: str, **values: Any) -> dict[str, Any]:
    """A plain record with defaults for what is left out."""
    full = {}
    for field in TABLES[table].fields:
        default = None if field.required else to_plain(field, to_column(field, field.default, table))
        full[field.name] = values.get(field.name, default)
    return full


def base_state() -> State:
    """A consistent world with some of every table."""
    state: State = {name: {} for name in TABLES}

    def add(table: str, **values: Any) -> None:
        full = record(table, **values)
        state[table][key_of(TABLES[table], full)] = full

    for n, key in enumerate(ENTITIES[:2]):
        add("entities", id=key, name=f"entity {n}", created_at=START)
    add("aspects", id="a-1", entity="e-1", name="region", single_valued=True)
    add("aspects", id="a-2", entity="e-2", name="owner", single_valued=False)
    add("dependencies", id="d-1", source="e-1", target="e-2")
    for n, key in enumerate(MEMORIES[:4]):
        about = {"aspect": "a-1", "entity": "e-1", "value": "north"} if n < 2 else {"entity": "e-2"}
        add("memories", id=key, text=f"fact {n}", created_at=START + n, prior_accesses=2 * n, **about)
    for n, key in enumerate(SESSIONS[:2]):
        at = START + (n + 1) * DAY
        add("sessions", id=key, started_at=at, ended_at=at + 600, topic="e-1")
        for k in range(2):
            parent = f"{key}.{k - 1}" if k else None
            add("turns", id=f"{key}.{k}", session=key, parent=parent, text=f"said {k}", cites=["m-0"] if k else [])
        for rank, memory in enumerate(MEMORIES[:3]):
            add("candidates", session=key, memory=memory, rank=rank, injected=rank == 0)
    return state


def world_of(state: State, manifest: Manifest | None = None) -> World:
    """The world of plain maps."""
    tables = {name: Table.from_records(TABLES[name], records.values()) for name, records in state.items()}
    return World.build(manifest or Manifest(clock=START + 30 * DAY), tables)


def state_of(world: World) -> State:
    """The plain maps of a world."""
    return {name: {key_of(TABLES[name], r): r for r in table.records()} for name, table in world.tables.items()}


def store_world(
    state: State, store: ObjectStore | None = None, manifest: Manifest | None = None
) -> tuple[ObjectStore, str]:
    """A store and the tree of plain maps in it."""
    store = store or MemoryObjects()
    return store, tree.write(store, world_of(state, manifest))


def changed(state: State, changes: list[Change]) -> State:
    """The state after some changes; those that make no sense (a turn without its session) do nothing."""
    state = copy.deepcopy(state)
    for verb, table, key, values in changes:
        if verb == "drop":
            state[table].pop(key, None)
            if table == "sessions":
                for name in ("turns", "candidates"):
                    state[name] = {k: r for k, r in state[name].items() if r["session"] != key}
        elif table not in ("turns", "candidates") or state[table].get(key, values)["session"] in state["sessions"]:
            state[table][key] = {**state[table].get(key, record(table, **values)), **values}
    return state


def _put(table: str, keys: list[str], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Change]:
    """Puts of some fields, over the required ones that a new record needs."""
    return st.tuples(st.just("put"), st.just(table), st.sampled_from(keys), st.fixed_dictionaries({}, optional=fields))


def _whole(change: Change) -> Change:
    """The change with the fields that its record cannot be without."""
    verb, table, key, values = change
    session = key.partition("/")[0].partition(".")[0]
    needed: dict[str, dict[str, Any]] = {
        "entities": {"id": key, "name": key, "created_at": START},
        "aspects": {"id": key, "entity": "e-1", "name": key},
        "dependencies": {"id": key, "source": "e-1", "target": "e-2"},
        "memories": {"id": key, "text": "fact", "created_at": START},
        "sessions": {"id": key, "started_at": START + DAY, "ended_at": START + DAY + 9},
        "turns": {"id": key, "session": session, "text": "said"},
        "candidates": {"session": session, "memory": key.partition("/")[2]},
    }
    return verb, table, key, {**needed[table], **values} if verb == "put" else {}


def _of(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


_MEMORY = _put(
    "memories",
    MEMORIES,
    text=_of("x", "y", "z"),
    importance=_of(0.1, 0.5, 0.9),
    prior_accesses=_of(0, 1, 3, 8),
    value=_of("north", "south", ""),
    aspect=_of(None, *ASPECTS),
    entity=_of(None, *ENTITIES),
    deleted=st.booleans(),
    superseded_by=_of(None, *MEMORIES),
    created_at=_of(START, START + 5, START + 2 * DAY),
    peak_hour=_of(None, 3),
)
_TURN = _put(
    "turns",
    TURNS,
    text=_of("hello", "what", "no"),
    parent=_of(None, *TURNS[:3]),
    cites=st.sets(st.sampled_from(MEMORIES), max_size=3).map(sorted),
    preference=_of(None, 0.5, 1.0),
)
_ENTITY = _put("entities", ENTITIES, name=_of("p", "q"), retired_at=_of(None, START + DAY))
_KEYED = st.one_of(
    _MEMORY,
    _ENTITY,
    _put("aspects", ASPECTS, entity=_of(*ENTITIES), single_valued=st.booleans(), weight=_of(0.5, 2.0)),
    _put("dependencies", ["d-1", "d-2"], source=_of(*ENTITIES), weight=_of(0.5, 2.0)),
)
_HISTORY = st.one_of(
    _put(
        "sessions",
        SESSIONS,
        started_at=_of(START + DAY, START + 20 * DAY),
        score=_of(None, 0.2, 0.8),
        topic=_of(None, *ENTITIES),
    ),
    _TURN,
    _put(
        "candidates",
        [f"{s}/{m}" for s in SESSIONS for m in MEMORIES[:3]],
        rank=_of(0, 1, 5),
        used=st.booleans(),
        injected=st.booleans(),
        relevance=_of(None, 0.1, 0.9),
    ),
)


def _drop(table: str, keys: list[str]) -> st.SearchStrategy[Change]:
    return st.tuples(st.just("drop"), st.just(table), st.sampled_from(keys), st.just({}))


_DROP = st.one_of(
    _drop("memories", MEMORIES), _drop("entities", ENTITIES), _drop("sessions", SESSIONS), _drop("turns", TURNS)
)


def changes(most: int = 6) -> st.SearchStrategy[list[Change]]:
    """Lists of changes of any table."""
    return st.lists(st.one_of(_KEYED, _HISTORY, _DROP).map(_whole), max_size=most)


def keyed_changes(most: int = 5) -> st.SearchStrategy[list[Change]]:
    """Lists of changes of memories and entities alone."""
    of_two = st.one_of(_MEMORY, _MEMORY, _ENTITY, _drop("memories", MEMORIES), _drop("entities", ENTITIES))
    return st.lists(of_two.map(_whole), max_size=most)
