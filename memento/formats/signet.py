"""A Signet database (``memories.db``, SQLite) as a world with observed relevance.

| in the database | in the world |
| --------------- | ------------ |
| memories, embeddings | memories: importance 0.5 where NULL, `embedded` where there is a vector |
| entities, entity_aspects, entity_dependencies | the entity graph, where the database has one |
| entity_attributes | entity, aspect, value and kind of a memory; what superseded it |
| session_scores | sessions, ended at ``created_at`` |
| session_checkpoints, session_memories | their start: the first checkpoint, else the first row, else the end |
| session_memories | candidates; ``relevance_score`` is the observed relevance, `source` as it is |

A memory's accesses before the first recorded session are its ``access_count`` without its injected
rows. An attribute without a memory of its own becomes a memory, so that the structural density of
its entity is what it was. A memory whose attribute is superseded counts as deleted, which is how
Signet's eleventh feature sees it after retention. Rows of candidates whose session or memory is not
there are left out, as Signet's loader does; so are those written before their memory. All that is
left out or changed is counted in the notes. Rules for NULL, storage class and timestamps are those of
Signet's training loader (`memento.formats.reading.signet_schema`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from memento.formats.reading.attributes import Attributes, read_attributes
from memento.formats.reading.database import missing, opened, rows
from memento.formats.reading.history import Imported, weekly
from memento.formats.reading.notes import Names, Notes, fit_text, refuse
from memento.formats.reading.signet_schema import (
    EXTRA,
    EXTRA_TABLE,
    GRAPH,
    QUERIES,
    REQUIRED,
    VECTOR_LENGTHS,
    parse_stamp,
)
from memento.world.records import TABLES, Record
from memento.world.table import Table
from memento.world.world import Manifest

HINT = "this reads memories.db of Signet 0.58 and later; an older one is brought up to date by starting its daemon"
EPISODES = ("episodic", "event", "session", "session_summary")
_MISSING_TIME = "with a created_at that is no timestamp, left out"

Rows = list[dict[str, Any]]


def read(path: Path) -> Imported:
    """The world of a Signet database, which is only read, also while its daemon runs.

    Raises `UsageError` for what is no readable SQLite file, `StoreError` for a locked or damaged
    one, and `InvalidFile` listing every missing table and column, or every bad value.
    """
    notes = Notes()
    tables = _load(path, notes)
    reader = _Reader(tables, notes)
    reader.graph()
    reader.sessions()
    reader.memories()
    reader.candidates()
    reader.structure()
    built = {name: Table.from_records(TABLES[name], records) for name, records in reader.records.items()}
    times = [*built["sessions"]["ended_at"].tolist(), *built["memories"]["created_at"].tolist()]
    scenario = {"format": "signet", "file": fit_text(path.name, notes, "names"), "sessions": len(built["sessions"])}
    manifest = Manifest(source="imported", scenario=scenario, clock=max(times, default=0))
    return Imported(weekly("Signet", manifest, built, reader.deleted_at), notes.lines())


def dimension_of(path: Path) -> int | None:
    """How many numbers most vectors of a database have; None where it has none. Raises as `read` does."""
    with opened(path) as database:
        refuse(str(path), missing(database, {"embeddings": REQUIRED["embeddings"]}), HINT)
        found = database.execute(VECTOR_LENGTHS).fetchone()
    return int(found[0]) // 4 if found and found[0] else None


def _load(path: Path, notes: Notes) -> dict[str, Rows]:
    """The rows of every table; tables of the graph that are not there are empty."""
    faults: list[str] = []
    tables: dict[str, Rows] = {}
    with opened(path) as database:
        refuse(str(path), missing(database, REQUIRED), HINT)
        for table, wanted in REQUIRED.items():
            tables[table] = rows(database, QUERIES[table], wanted, table, faults)
        for name, wanted in {**GRAPH, **EXTRA}.items():
            table = EXTRA_TABLE.get(name, name)
            lacking = missing(database, {table: wanted})
            if not lacking:
                tables[name] = rows(database, QUERIES[name], wanted, table, faults)
                continue
            tables[name] = []
            if name in GRAPH and not lacking[0].startswith("no table"):
                notes.add("tables of the graph that lack a column, left out", lacking[0])
    hint = "Signet's own loader stops at these values too; mend or delete the rows"
    refuse(str(path), list(dict.fromkeys(faults)), hint)
    return tables


class _Reader:
    """Turns rows into records, table by table."""

    def __init__(self, tables: dict[str, Rows], notes: Notes) -> None:
        self.tables, self.notes = tables, notes
        self.records: dict[str, list[Record]] = {name: [] for name in TABLES}
        self.deleted_at: dict[str, int] = {}
        self.session_ids, self.memory_ids = Names(notes, "session"), Names(notes, "memory")
        self.entity_ids, self.aspect_ids = Names(notes, "entity"), Names(notes, "aspect")
        self.ended: dict[str, int] = {}
        self.created: dict[str, int] = {}
        self.attributes = Attributes()

    def graph(self) -> None:
        """Which memory is what value of which aspect of which entity."""
        entities = {row["id"] for row in self.tables["entities"]}
        aspects = {row["id"]: row["entity_id"] for row in self.tables["entity_aspects"] if row["entity_id"] in entities}
        lost = len(self.tables["entity_aspects"]) - len(aspects)
        self.notes.add("aspects of an entity that is not there, left out", count=lost)
        known = {row["id"] for row in self.tables["memories"]}
        self.attributes = read_attributes(self.tables["entity_attributes"], aspects, known, self.notes)

    def sessions(self) -> None:
        starts = self.earliest("session_checkpoints")
        offers = self.earliest("offers")
        latest: dict[str, dict[str, Any]] = {}
        for row in self.tables["session_scores"]:
            if row["session_key"] in latest:
                self.notes.add("scores of a session that has a later one, left out", row["session_key"])
            latest[row["session_key"]] = row
        traversal = {r["session_key"] for r in self.tables["session_memories"] if r["source"] == "ka_traversal"}
        for key, row in latest.items():
            ended = parse_stamp(row["created_at"])
            if ended is None:
                self.notes.add(f"sessions {_MISSING_TIME}", f"{key} {row['created_at']}")
                continue
            started = starts.get(key, offers.get(key, ended))
            if started > ended:
                self.notes.add("sessions that began after they ended, taken to begin at the end", key)
                started = ended
            if row["score"] is None or row["confidence"] is None:
                self.notes.add("sessions without a score or a confidence, which Signet does not train on", key)
            self.ended[key] = ended
            self.records["sessions"].append({
                "id": self.session_ids.id(key),
                "started_at": started,
                "ended_at": ended,
                "project": self.text(row["project"]),
                "mode": "traversal" if key in traversal else "plain",
                "score": self.share(row["score"], "session scores"),
                "confidence": self.share(row["confidence"], "session confidences"),
                "novel_context_count": self.counted(row["novel_context_count"], "novel_context_count"),
            })  # fmt: skip

    def memories(self) -> None:
        vectors = Counter(row["source_id"] for row in self.tables["embeddings"] if row["vector"] is not None)
        repeated = sum(number > 1 for number in vectors.values())
        self.notes.add("memories with more than one vector, each offered once", count=repeated)
        constraints = {row["memory_id"] for row in self.tables["session_memories"] if row["is_constraint"]}
        extra = {row["id"]: row for row in self.tables["retirements"]}
        injected = self.injected()
        seen: set[str] = set()
        for row in self.tables["memories"]:
            key, created = row["id"], parse_stamp(row["created_at"])
            if key in seen:
                self.notes.add("memories that occur twice, the first kept", key)
                continue
            seen.add(key)
            if created is None:
                self.notes.add(f"memories {_MISSING_TIME}", f"{key} {row['created_at']}")
                continue
            self.created[key] = created
            link = self.attributes.of_memory.get(key)
            kind = "constraint" if key in constraints else "attribute"
            if link is not None:
                kind = link.kind
            elif extra.get(key, {}).get("type") in EPISODES:
                kind = "episode"
            record = {
                "id": self.memory_ids.id(key),
                "text": self.text(row["content"]).strip() or "(no text)",
                "kind": kind,
                "project": self.text(row["project"]),
                "importance": 0.5 if row["importance"] is None else self.share(row["importance"], "importances"),
                "created_at": created,
                "prior_accesses": self.before(
                    key, row["access_count"], sum(ended >= created for ended in injected.get(key, ()))
                ),
                "embedded": key in vectors,
                "pinned": row["pinned"] != 0,
                "deleted": row["is_deleted"] != 0,
                "origin": self.text(key),
            }
            if link is not None:
                record |= self.meaning(link)
                if not link.live and not record["deleted"]:
                    self.notes.add("memories superseded in the graph but not deleted, taken as deleted", key)
                    record["deleted"] = True
            gone = parse_stamp(extra.get(key, {}).get("deleted_at"))
            if record["deleted"] and gone is not None:
                self.deleted_at[record["id"]] = gone
            self.records["memories"].append(record)
        for link in self.attributes.alone:
            self.lone_attribute(link)
        self.supersede()

    def lone_attribute(self, link: Any) -> None:
        created = parse_stamp(link.created_at)
        if created is None:
            self.notes.add(f"attributes {_MISSING_TIME}", f"{link.id} {link.created_at}")
            return
        self.notes.add("attributes without a memory of their own, made into one", link.id)
        key = link.memory
        self.created[key] = created
        importance = 0.5 if link.importance is None else self.share(link.importance, "importances")
        text = self.text(link.content).strip() or "(no text)"
        record: Record = {"id": self.memory_ids.id(key), "text": text, "kind": link.kind, "importance": importance}
        record |= {"created_at": created, "embedded": False, "deleted": not link.live}
        self.records["memories"].append(record | {"origin": self.text(link.id)} | self.meaning(link))

    def meaning(self, link: Any) -> Record:
        value = self.text(link.content)
        return {"entity": self.entity_ids.id(link.entity), "aspect": self.aspect_ids.id(link.aspect), "value": value}

    def supersede(self) -> None:
        """Links each superseded memory to the newer one, where that is there and is not older."""
        record_of = {record["id"]: record for record in self.records["memories"]}
        newer: dict[str, str] = {}
        for old, new in self.attributes.superseded.items():
            if new not in self.created or old not in self.created:
                self.notes.add("supersessions by an attribute that is not there, unlinked", old)
            elif self.created[new] < self.created[old]:
                self.notes.add("supersessions by an older memory, unlinked", old)
            elif _reaches(newer, new, old):
                self.notes.add("supersessions in a circle, unlinked", old)
            elif record_of[self.memory_ids.id(old)]["deleted"]:
                newer[old] = new
                record_of[self.memory_ids.id(old)]["superseded_by"] = self.memory_ids.id(new)

    def offered(self) -> Iterable[dict[str, Any]]:
        """The rows of candidates whose session and memory are there, each pair once; others are counted once."""
        seen: set[tuple[str, str]] = set()
        known = {row["id"] for row in self.tables["memories"]}
        scored = {row["session_key"] for row in self.tables["session_scores"]}
        for row in self.tables["session_memories"]:
            pair = row["session_key"], row["memory_id"]
            if pair[0] not in scored:
                yield row | {"odd": "candidates of a session without a score, left out"}
            elif pair[1] not in known:
                yield row | {"odd": "candidates that are no memory, left out"}
            elif pair in seen:
                yield row | {"odd": "candidates offered twice to one session, the first kept"}
            else:
                yield row | {"odd": ""}
            seen.add(pair)

    def injected(self) -> dict[str, list[int]]:
        """The ends of the imported sessions that each memory was injected into, s UTC."""
        ends: dict[str, list[int]] = {}
        for row in self.offered():
            if row["was_injected"] and not row["odd"] and row["session_key"] in self.ended:
                ends.setdefault(row["memory_id"], []).append(self.ended[row["session_key"]])
        return ends

    def candidates(self) -> None:
        ranks: Counter[str] = Counter()
        for row in self.offered():
            key, memory = row["session_key"], row["memory_id"]
            odd = row["odd"]
            if not odd and (key not in self.ended or memory not in self.created):
                odd = "candidates of a session or memory that is left out"
            if not odd and self.created[memory] > self.ended[key]:
                odd = "candidates written after their session ended, left out"
            if odd:
                self.notes.add(odd, f"{key} {memory}")
                continue
            rank = self.counted(row["rank"], "ranks") if row["rank"] is not None else ranks[key]
            ranks[key] = max(ranks[key], rank + 1)
            relevance = row["relevance_score"]
            if relevance is not None and not math.isfinite(relevance):
                self.notes.add("relevance scores that are infinite, left out", f"{key} {memory}")
                relevance = None
            self.records["candidates"].append({
                "session": self.session_ids.id(key),
                "memory": self.memory_ids.id(memory),
                "source": self.text(row["source"]),
                "rank": rank,
                "injected": row["was_injected"] != 0,
                "used": bool(row["was_injected"]) and bool(relevance) and relevance > 0,
                "fts_hits": self.counted(row["fts_hit_count"], "fts_hit_count"),
                "relevance": relevance,
            })  # fmt: skip
        if not self.tables["entities"] and any(r["entity_slot"] is not None for r in self.tables["session_memories"]):
            self.notes.add("no entities in the database: the columns of entity, aspect and density will be 0")

    def structure(self) -> None:
        """Entities, aspects and dependencies."""
        first = min([*self.created.values(), *self.ended.values()], default=0)
        known: set[str] = set()
        for row in self.unique("entities"):
            created = parse_stamp(row["created_at"])
            if created is None:
                self.notes.add("entities without a date, dated to the first record", row["id"])
            known.add(row["id"])
            self.records["entities"].append({
                "id": self.entity_ids.id(row["id"]),
                "name": self.text(row["name"]).strip() or self.text(row["id"]) or "(no name)",
                "kind": self.text(row["entity_type"]) or "concept",
                "created_at": first if created is None else created,
            })  # fmt: skip
        for row in self.unique("entity_aspects"):
            if row["entity_id"] in known:
                self.records["aspects"].append({
                    "id": self.aspect_ids.id(row["id"]),
                    "entity": self.entity_ids.id(row["entity_id"]),
                    "name": self.text(row["name"]).strip() or "(no name)",
                    "weight": self.weight(row["weight"]),
                })  # fmt: skip
        ids = Names(self.notes, "dependency")
        for row in self.unique("entity_dependencies"):
            if not {row["source_entity_id"], row["target_entity_id"]} <= known:
                self.notes.add("dependencies of an entity that is not there, left out", row["id"])
                continue
            self.records["dependencies"].append({
                "id": ids.id(row["id"]),
                "source": self.entity_ids.id(row["source_entity_id"]),
                "target": self.entity_ids.id(row["target_entity_id"]),
                "kind": self.text(row["dependency_type"]) or "uses",
                "weight": self.weight(row["strength"]),
            })  # fmt: skip

    def unique(self, table: str) -> Rows:
        first: dict[str, dict[str, Any]] = {}
        for row in self.tables[table]:
            if first.setdefault(row["id"], row) is not row:
                self.notes.add(f"rows of {table} that occur twice, the first kept", row["id"])
        return list(first.values())

    def earliest(self, table: str) -> dict[str, int]:
        """The first readable time of each session in a table of dated rows."""
        times: dict[str, int] = {}
        for row in self.tables[table]:
            time = parse_stamp(row["created_at"])
            if time is not None:
                times[row["session_key"]] = min(time, times.get(row["session_key"], time))
        return times

    def before(self, key: str, access_count: int | None, injected: int) -> int:
        """Accesses that no injected row accounts for."""
        count = self.counted(access_count, "access_count")
        if count < injected:
            self.notes.add("memories injected more often than their access_count says", f"{key} {injected} > {count}")
        return max(0, count - injected)

    def text(self, text: str | None) -> str:
        return fit_text(text, self.notes, "texts") if text else ""

    def share(self, value: float | None, what: str) -> float | None:
        if value is None or 0.0 <= value <= 1.0:
            return value
        self.notes.add(f"{what} outside 0 to 1, clipped", value)
        return min(1.0, max(0.0, value))

    def weight(self, value: float | None) -> float:
        if value is None:
            return 1.0
        if not 0.0 <= value < math.inf:
            self.notes.add("weights below 0 or infinite, taken as 0", value)
            return 0.0
        return value

    def counted(self, value: int | None, what: str) -> int:
        if value is not None and value < 0:
            self.notes.add(f"{what} below 0, taken as 0", value)
        return max(0, value or 0)


def _reaches(newer: dict[str, str], start: str, goal: str) -> bool:
    while start in newer and start != goal:
        start = newer[start]
    return start == goal
