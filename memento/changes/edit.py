"""Plans an edit: operations on some records become one validated change.

The operations are those of `memento.changes.operations`, their text forms those of
`memento.changes.batch`. An edit keeps each record whole and every reference pointing at something;
whether the world still makes sense is told by `memento.world.check`, since a contradiction may be
what its author wants.

Deleting follows databases: what belongs to a session goes with it; a record that others refer to
stays, and the edit is refused, unless it says ``cascade``: then records that cannot do without it
go too (SQL's ON DELETE CASCADE) and the others let go of it (ON DELETE SET NULL).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any

from memento import codec
from memento.changes.operations import Add, Delete, Operation, Set, Supersede
from memento.changes.snapshot import Lookup, missing
from memento.errors import InvalidFile, MementoError, UsageError
from memento.world.keys import natural
from memento.world.records import TABLES, Field, Record, Schema, key_of, schema_of
from memento.world.table import Table
from memento.world.tree import Delta
from memento.world.values import parse_time, to_column, to_plain

__all__ = ["Add", "Delete", "Operation", "Set", "Supersede", "plan"]

_FRESH = {"prior_accesses": 0, "deleted": False, "superseded_by": None, "origin": ""}
_BELONGING = ("turns", "candidates")


def plan(lookup: Lookup, operations: Iterable[Operation], where: str = "edit", allow_nothing: bool = False) -> Delta:
    """The change that `operations` make, one after the other, of the state behind `lookup`.

    Raises `InvalidFile` (named `where`) with every fault of every operation, and `UsageError`
    where nothing would change, unless `allow_nothing`. Reads only the leaves of the records and
    references named, and whole tables to suggest names and to look for what refers to a deleted
    record.
    """
    draft = _Draft(lookup)
    listed = list(operations)
    draft.prime(listed)
    for operation in listed:
        draft.apply(operation)
    draft.finish()
    if draft.faults:
        raise InvalidFile(where, list(dict.fromkeys(draft.faults)), draft.hint)
    delta = draft.delta()
    if not delta and not allow_nothing:
        raise UsageError(f"{where}: nothing changes; every record is so already", "`memento show` looks at it")
    return delta


def derive_id(table: str, record: Mapping[str, Any], cause: str = "") -> str:
    """An id fixed by what is added: 10 letters of base32 of the BLAKE2b of table, cause and fields."""
    content = codec.encode([table, cause, {name: value for name, value in record.items() if name != "id"}])
    return base64.b32encode(blake2b(content, digest_size=10).digest()).decode().lower()[:10] + "-0"


class _Draft:
    """The records an edit has touched so far, over the state that it starts from."""

    def __init__(self, lookup: Lookup) -> None:
        self.lookup = lookup
        self.originals: dict[tuple[str, str], Record | None] = {}
        self.records: dict[tuple[str, str], Record | None] = {}
        self.plainly_deleted: dict[tuple[str, str], str] = {}
        self.pointing: list[tuple[str, Field, str]] = []
        self.faults: list[str] = []
        self.hint = ""

    def prime(self, operations: list[Operation]) -> None:
        """Reads all records named by operations, one search a table."""
        wanted: dict[str, list[str]] = {}
        for operation in operations:
            if not isinstance(operation, Add) and operation.table in TABLES:
                wanted.setdefault(operation.table, []).append(operation.key)
        for table, keys in wanted.items():
            self.read(table, keys)

    def read(self, table: str, keys: Iterable[str]) -> None:
        fresh = [key for key in dict.fromkeys(keys) if (table, key) not in self.originals]
        if fresh:
            found = self.lookup.find(table, fresh)
            for key in fresh:
                row = found.row_of.get(key)
                self.originals[table, key] = None if row is None else found.record(row)

    def get(self, table: str, key: str) -> Record | None:
        if (table, key) not in self.records:
            self.read(table, [key])
            found = self.originals[table, key]
        else:
            found = self.records[table, key]
        if found and table in _BELONGING and self.records.get(("sessions", found["session"]), found) is None:
            return None
        return found

    def apply(self, operation: Operation) -> None:
        place = operation.where or _place(operation)
        try:
            if isinstance(operation, Add):
                self.add(operation, place)
            elif isinstance(operation, Set):
                self.set(operation, place)
            elif isinstance(operation, Delete):
                self.delete(operation, place)
            else:
                self.supersede(operation, place)
        except InvalidFile as error:
            self.faults += error.faults
        except MementoError as error:
            self.faults.append(_words(error, place))

    def existing(self, table: str, key: str) -> Record:
        found = self.get(table, key)
        if found is None:
            raise missing(self.lookup, table, key)
        return found

    def checked(self, schema: Schema, values: Mapping[str, Any], place: str) -> Record:
        """`values` as plain values of their fields.

        Where some are faulty `InvalidFile` is raised with all faults, and what the others refer to is
        noted, so that `finish` tells of references without a target all the same.
        """
        faults, good = [], {}
        for name, value in values.items():
            try:
                field = schema.field(name)
                if field.kind == "time" and isinstance(value, str):
                    value = parse_time(value, place)
                elif field.kind == "time" and isinstance(value, datetime):
                    value = parse_time(value.isoformat(), place)
                good[name] = to_plain(field, to_column(field, value, place))
            except MementoError as error:
                faults.append(_words(error, place))
        if faults:
            for name in good:
                field = schema.field(name)
                self.pointing += [(place, field, target) for target in _targets(field, good)]
            raise InvalidFile(place, faults)
        return good

    def set(self, operation: Set, place: str) -> None:
        schema = schema_of(operation.table)
        record = self.existing(schema.name, operation.key)
        values = self.checked(schema, operation.values, place)
        fixed = [name for name in schema.key if name in values and values[name] != record[name]]
        if fixed:
            raise UsageError(f"{place}: {fixed[0]} is part of what the record is and cannot change", "add a new record")
        self.records[schema.name, operation.key] = {**record, **values}

    def add(self, operation: Add, place: str) -> None:
        schema = schema_of(operation.table)
        given = self.checked(schema, operation.values, place)
        record = {f.name: to_plain(f, to_column(f, f.default, place)) for f in schema.fields if not f.required}
        record.update(self.derived(schema, given))
        record.update(given)
        lacking = [f.name for f in schema.fields if f.name not in record and f.name != "id"]
        if lacking:
            raise InvalidFile(place, [f"{place}: {name} is missing" for name in lacking])
        if "id" in schema.by_name and not record.get("id"):
            record["id"] = self.turn_id(record) if schema.name == "turns" else derive_id(schema.name, record)
        self.put(schema, {f.name: record[f.name] for f in schema.fields}, place)

    def put(self, schema: Schema, record: Record, place: str) -> None:
        key = key_of(schema, record)
        if self.get(schema.name, key) is not None:
            name = f"{schema.singular}:{key}"
            raise UsageError(f"{'' if place == name else f'{place}: '}{name} is there already")
        self.records[schema.name, key] = record

    def derived(self, schema: Schema, given: Record) -> Record:
        """What an added record has where it does not say: the world's present, the end of its thread."""
        clock = self.lookup.manifest.clock
        if schema.name == "sessions":
            return {"started_at": clock, "ended_at": given.get("started_at", clock)}
        if schema.name == "turns":
            thread = self.thread(given.get("session", ""))
            return {"parent": thread[-1] if thread else None}
        return {"created_at": clock} if "created_at" in schema.by_name else {}

    def thread(self, session: str) -> list[str]:
        """The ids of a session's turns, as they stand."""
        turns = self.lookup.table("turns")
        stored = [turns.keys[row] for row, of in enumerate(turns["session"].tolist()) if of == session]
        added = [key for (table, key) in self.records if table == "turns"]
        held = [(key, self.get("turns", key)) for key in dict.fromkeys([*stored, *added])]
        return sorted((key for key, turn in held if turn and turn["session"] == session), key=natural)

    def turn_id(self, record: Record) -> str:
        """An id that sorts behind the session's turns and never meets another turn's."""
        mark = derive_id("turns", record)[:10].translate(str.maketrans("234567", "zyxwvu"))
        return f"{record['session']}.{len(self.thread(record['session'])):04d}{mark}"

    def delete(self, operation: Delete, place: str) -> None:
        schema = schema_of(operation.table)
        self.existing(schema.name, operation.key)
        self.records[schema.name, operation.key] = None
        if operation.cascade:
            self.cascade(schema.name, operation.key)
        else:
            self.plainly_deleted[schema.name, operation.key] = place

    def cascade(self, table: str, key: str) -> None:
        queue = [(table, key)]
        while queue:
            of, gone = queue.pop()
            for name, field, record in self.referrers(of, gone):
                own = key_of(TABLES[name], record)
                if field.kind == "set":
                    self.records[name, own] = {**record, field.name: [i for i in record[field.name] if i != gone]}
                elif field.nullable:
                    self.records[name, own] = {**record, field.name: None}
                elif self.get(name, own) is not None:
                    self.records[name, own] = None
                    queue.append((name, own))

    def referrers(self, table: str, key: str) -> Iterator[tuple[str, Field, Record]]:
        """The records that refer to a record, as they stand, except what goes with its session."""
        for name, schema in TABLES.items():
            for field in schema.fields:
                if field.target != table or (table == "sessions" and name in _BELONGING):
                    continue
                rows = self.lookup.table(name)
                stored = [rows.keys[row] for row, v in enumerate(rows[field.name].tolist()) if _refers(field, v, key)]
                for own in dict.fromkeys([*stored, *(k for t, k in self.records if t == name)]):
                    record = self.get(name, own)
                    if record is not None and key in _targets(field, record):
                        yield name, field, record

    def supersede(self, operation: Supersede, place: str) -> None:
        schema = TABLES["memories"]
        old = self.existing("memories", operation.key)
        if old["superseded_by"] is not None:
            raise UsageError(f"{place}: it is superseded by memory:{old['superseded_by']} already; supersede that one")
        values = self.checked(schema, operation.values, place)
        newer = values.get("id", "")
        if newer and set(values) == {"id"} and self.get("memories", newer) is not None:
            if newer == operation.key:
                raise UsageError(f"{place}: a memory cannot supersede itself")
        else:
            if "text" not in values:
                raise UsageError(f"{place}: text is missing; say what the newer memory holds")
            record = {**old, **_FRESH, "created_at": max(self.lookup.manifest.clock, old["created_at"]), **values}
            if not newer:
                record["id"] = newer = derive_id("memories", record, f"supersede {operation.key}")
            self.put(schema, record, place)
        self.records["memories", operation.key] = {**old, "deleted": True, "superseded_by": newer}

    def finish(self) -> None:
        """Looks for references without a target, and for records at odds with themselves."""
        for (table, key), place in self.plainly_deleted.items():
            if self.records[table, key] is None:
                self.refuse_if_needed(table, key, place)
        pointing = self.pointing
        for (table, key), record in self.records.items():
            if record is None or record == self.originals.get((table, key)):
                continue
            place = f"{TABLES[table].singular}:{key}"
            self.faults += _at_odds(table, place, record)
            before = self.originals.get((table, key)) or {}
            for field in TABLES[table].fields:
                if record[field.name] != before.get(field.name):
                    old = _targets(field, before) if before else []
                    pointing += [(place, field, target) for target in _targets(field, record) if target not in old]
        for name in TABLES:
            self.read(name, [target for _, field, target in pointing if field.target == name])
        for place, field, target in pointing:
            if self.get(field.target, target) is None:
                error = missing(self.lookup, field.target, target)
                self.faults.append(f"{place}: {field.name}: {_words(error)}")

    def refuse_if_needed(self, table: str, key: str, place: str) -> None:
        counts: dict[str, int] = {}
        for name, _, record in self.referrers(table, key):
            if self.records.get((name, key_of(TABLES[name], record)), record) is not None:
                counts[name] = counts.get(name, 0) + 1
        if counts:
            said = [f"{n} {name if n > 1 else TABLES[name].singular}" for name, n in counts.items()]
            verb = "refers" if sum(counts.values()) == 1 else "refer"
            listed = " and ".join(filter(None, [", ".join(said[:-1]), said[-1]]))
            self.faults.append(f"{place}: {listed} {verb} to it")
            retire = "deleted=true retires a memory and keeps its history; " if table == "memories" else ""
            self.hint = f"{retire}--delete --cascade removes what needs it too"

    def delta(self) -> Delta:
        """What changes, as rows to put and keys to remove."""
        puts: dict[str, list[Record]] = {}
        deletes: dict[str, list[str]] = {}
        for (table, key), record in self.records.items():
            if (table, key) not in self.originals:
                self.read(table, [key])
            before = self.originals[table, key]
            if record is None and before is not None:
                deletes.setdefault(table, []).append(key)
            elif record is not None and record != before:
                puts.setdefault(table, []).append(record)
        upserts = {name: Table.from_records(TABLES[name], records) for name, records in puts.items()}
        return Delta(upserts, {name: tuple(keys) for name, keys in deletes.items()})


def _place(operation: Operation) -> str:
    singular = schema_of(operation.table).singular
    return f"{singular}:new" if isinstance(operation, Add) else f"{singular}:{operation.key}"


def _words(error: MementoError, place: str = "") -> str:
    """A fault as one line, with the names that were meant."""
    said = error.message if not place or error.message.startswith(place) else f"{place}: {error.message}"
    return f"{said} ({error.hint})" if error.hint.startswith("did you mean") else said


def _refers(field: Field, value: str, key: str) -> bool:
    return key in value.split(" ") if field.kind == "set" else value == key


def _targets(field: Field, record: Record) -> list[str]:
    if not field.target or not record[field.name]:
        return []
    return list(record[field.name]) if field.kind == "set" else [record[field.name]]


def _at_odds(table: str, place: str, record: Record) -> Iterator[str]:
    if table == "sessions" and record["ended_at"] < record["started_at"]:
        yield f"{place}: it ends before it starts"
    if table == "entities" and record["retired_at"] is not None and record["retired_at"] < record["created_at"]:
        yield f"{place}: it retires before it appears"
    if table == "memories" and record["superseded_by"] is not None:
        if record["superseded_by"] == record["id"]:
            yield f"{place}: a memory cannot supersede itself"
        elif not record["deleted"]:
            yield f"{place}: a superseded memory is deleted; set deleted=true too"
