"""Ways to mend a finding, ranked, as operations: what is found is put right, never guessed away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from memento.changes.conflict import Fix
from memento.changes.operations import Add, Delete, Operation, Set, to_map
from memento.changes.snapshot import Lookup
from memento.world.finding import Finding
from memento.world.records import TABLES, Record
from memento.world.threads import Threads
from memento.world.values import format_time

_MOST = 4
Sources = Mapping[str, Lookup]
Way = tuple[str, list[Operation]]


def fixes(finding: Finding, merged: Lookup, sources: Sources) -> tuple[Fix, ...]:
    """Ways to mend `finding` in the state `merged`, the most sensible first.

    `sources` are the states, by name, from which a lost record can be brought back.
    """
    ways = _WAYS.get(finding.kind)
    if ways is None:
        return ()
    found = (way for way in ways(finding, merged, sources) if way[1])
    return tuple(Fix(words, tuple(to_map(operation) for operation in operations)) for words, operations in found)


def _record(lookup: Lookup, table: str, key: str) -> Record | None:
    found = lookup.find(table, [key])
    return found.record(0) if len(found) else None


def _dangling(finding: Finding, merged: Lookup, sources: Sources) -> Iterator[Way]:
    target, lost = finding.involved[0]
    name = f"{TABLES[target].singular}:{lost}"
    for where, source in sources.items():
        operations = _restored(target, lost, merged, source, set())
        if operations:
            yield f"bring {name} back as it is in {where}", operations
            break
    field = TABLES[finding.table].field(finding.field)
    record = _record(merged, finding.table, finding.key)
    if record is not None and field.kind == "set":
        rest = [item for item in record[field.name] if item != lost]
        yield f"let {finding.place} no longer refer to {name}", [Set(finding.table, finding.key, {field.name: rest})]
    elif record is not None and field.nullable:
        yield f"let {finding.place} refer to nothing", [Set(finding.table, finding.key, {field.name: None})]
    yield f"delete {finding.place} and what needs it", [Delete(finding.table, finding.key, cascade=True)]


def _restored(table: str, key: str, merged: Lookup, source: Lookup, seen: set[tuple[str, str]]) -> list[Operation]:
    """Operations that add a record of `source`, and first the records that it needs.

    It lets go of what is neither in `merged` nor in `source`; nothing is restored where it cannot.
    """
    record = _record(source, table, key)
    if record is None or (table, key) in seen:
        return []
    seen.add((table, key))
    operations: list[Operation] = []
    for field in TABLES[table].fields:
        if not field.target:
            continue
        value = record[field.name]
        for other in value if isinstance(value, list) else [value] if value else []:
            if (field.target, other) in seen or len(merged.find(field.target, [other])):
                continue
            needed = _restored(field.target, other, merged, source, seen)
            if not needed and field.kind != "set" and not field.nullable:
                return []
            if not needed:
                left = [item for item in record[field.name] if item != other] if field.kind == "set" else None
                record = {**record, field.name: left}
            operations += needed
    return [*operations, Add(table, record)]


def _cycle(finding: Finding, merged: Lookup, sources: Sources) -> Iterator[Way]:
    keys = [key for _, key in finding.involved]
    records = [r for r in (_record(merged, "memories", key) for key in keys) if r is not None]
    for record in sorted(records, key=lambda r: (-r["created_at"], r["id"]))[:_MOST]:
        live = {"superseded_by": None, "deleted": False}
        words = f"let memory:{record['id']} of {format_time(record['created_at'])} stand as the newest"
        yield words, [Set("memories", record["id"], live)]


def _live(finding: Finding, merged: Lookup, sources: Sources) -> Iterator[Way]:
    yield f"mark {finding.place} deleted", [Set("memories", finding.key, {"deleted": True})]
    yield f"let {finding.place} stand, superseded by nothing", [Set("memories", finding.key, {"superseded_by": None})]


def _values(finding: Finding, merged: Lookup, sources: Sources) -> Iterator[Way]:
    held = [r for r in (_record(merged, "memories", key) for _, key in finding.involved) if r is not None]
    newest = sorted(held, key=lambda r: (-r["created_at"], r["id"]))
    shown = list({record["value"]: record for record in reversed(newest)}.values())[::-1]
    for keeper in shown[:_MOST]:
        operations: list[Operation] = []
        for record in newest:
            if record["value"] != keeper["value"]:
                gone: dict[str, Any] = {"deleted": True}
                if record["created_at"] <= keeper["created_at"]:
                    gone["superseded_by"] = keeper["id"]
                operations.append(Set("memories", record["id"], gone))
        yield f"keep {keeper['value']!r} of memory:{keeper['id']} and retire the rest", operations
    words = f"let {finding.place} hold several values"
    yield words, [Set("aspects", finding.key, {"single_valued": False})]


def _citation(finding: Finding, merged: Lookup, sources: Sources) -> Iterator[Way]:
    cited = finding.involved[0][1]
    turn, memory = _record(merged, "turns", finding.key), _record(merged, "memories", cited)
    if turn is None or memory is None:
        return
    rest = [item for item in turn["cites"] if item != cited]
    newer = _heir(merged, memory)
    if newer:
        cites = sorted({*rest, newer})
        yield f"cite memory:{newer} instead, which superseded it", [Set("turns", finding.key, {"cites": cites})]
    yield f"drop the citation from {finding.place}", [Set("turns", finding.key, {"cites": rest})]
    live = {"deleted": False, "superseded_by": None}
    yield f"restore memory:{cited}", [Set("memories", cited, live)]


def _heir(merged: Lookup, memory: Record) -> str:
    """The live memory that stands where `memory` was, one superseding the other; empty where none does."""
    seen = {memory["id"]}
    newer: Record | None = memory
    while newer is not None and newer["superseded_by"] and newer["superseded_by"] not in seen:
        seen.add(newer["superseded_by"])
        newer = _record(merged, "memories", newer["superseded_by"])
    return "" if newer is None or newer["deleted"] else str(newer["id"])


def _injection(finding: Finding, merged: Lookup, sources: Sources) -> Iterator[Way]:
    key = finding.involved[0][1]
    offer, memory = _record(merged, "candidates", finding.key), _record(merged, "memories", key)
    if offer is None or memory is None:
        return
    newer = _heir(merged, memory)
    withdrawn = Set("candidates", finding.key, {"injected": False, "used": False})
    if newer:
        other = f"{offer['session']}/{newer}"
        there = len(merged.find("candidates", [other]))
        instead = (
            Set("candidates", other, {"injected": True}) if there else Add("candidates", {**offer, "memory": newer})
        )
        yield f"give it memory:{newer} instead, which superseded it", [withdrawn, instead]
    yield f"let {finding.place} be offered, not injected", [withdrawn]
    live = {"deleted": False, "superseded_by": None}
    yield f"restore memory:{key}", [Set("memories", key, live)]


def _label(finding: Finding, merged: Lookup, sources: Sources) -> Iterator[Way]:
    offer = _record(merged, "candidates", finding.key)
    if offer is None:
        return
    useful = offer["used"] or (offer["relevance"] or 0.0) >= 0.5
    follow = {"used": not useful, "relevance": None}
    said = "not used" if useful else "used"
    yield f"let the label follow the preference: {said}", [Set("candidates", finding.key, follow)]
    turns = merged.table("turns")
    threads = Threads(turns.take(turns["session"] == offer["session"]))
    citing = [key for table, key in finding.involved if table == "turns"]
    other: dict[str, float | None]
    if useful:
        other = {**threads.choosing(citing[0])}
        words = f"prefer the thread of turn:{citing[0]}, which cites it"
    else:
        other = dict.fromkeys((t for key in citing for t in _deciding(threads, key)), None)
        words = "let the alternatives stand without a preference"
    yield words, [Set("turns", turn, {"preference": value}) for turn, value in other.items()]


def _deciding(threads: Threads, key: str) -> list[str]:
    """The alternatives that state a preference, on the way to a turn."""
    found = [other for turn in threads.way(key) for other in threads.alternatives(turn) if other in threads.rated]
    return [turn for turn in found if len(threads.alternatives(turn)) > 1]


def _thread(finding: Finding, merged: Lookup, sources: Sources) -> Iterator[Way]:
    yield f"let {finding.place} begin a thread", [Set("turns", finding.key, {"parent": None})]
    yield f"delete {finding.place} and its answers", [Delete("turns", finding.key, cascade=True)]


def _backwards(finding: Finding, merged: Lookup, sources: Sources) -> Iterator[Way]:
    record = _record(merged, finding.table, finding.key)
    if record is None:
        return
    if finding.table == "sessions":
        early, late = sorted((record["started_at"], record["ended_at"]))
        yield "exchange its start and end", [Set("sessions", finding.key, {"started_at": early, "ended_at": late})]
        yield "let it end when it starts", [Set("sessions", finding.key, {"ended_at": record["started_at"]})]
    elif finding.table == "entities":
        yield "let it not be retired", [Set("entities", finding.key, {"retired_at": None})]
        yield "let it retire when it appears", [Set("entities", finding.key, {"retired_at": record["created_at"]})]
    elif finding.table == "memories":
        older = finding.involved[0][1]
        live = {"superseded_by": None, "deleted": False}
        yield "let it stand, superseded by nothing", [Set("memories", finding.key, live)]
        yield f"let memory:{older} be written then", [Set("memories", older, {"created_at": record["created_at"]})]
    else:
        session = _record(merged, "sessions", record["session"])
        yield "withdraw the offer", [Delete("candidates", finding.key)]
        if session is not None:
            earlier = {"created_at": session["ended_at"]}
            yield f"let memory:{record['memory']} be written by then", [Set("memories", record["memory"], earlier)]


def _retired(finding: Finding, merged: Lookup, sources: Sources) -> Iterator[Way]:
    entity = finding.involved[0][1]
    record = _record(merged, finding.table, finding.key)
    if record is None:
        return
    acted = record["created_at" if finding.table == "memories" else "started_at"]
    yield f"let entity:{entity} retire then", [Set("entities", entity, {"retired_at": acted})]
    yield f"let entity:{entity} not be retired", [Set("entities", entity, {"retired_at": None})]
    yield f"let {finding.place} be about nothing", [Set(finding.table, finding.key, {finding.field: None})]


_WAYS: dict[str, Callable[[Finding, Lookup, Sources], Iterator[Way]]] = {
    "dangling reference": _dangling,
    "supersession cycle": _cycle,
    "live but superseded": _live,
    "two live values": _values,
    "cites a deleted memory": _citation,
    "injects a deleted memory": _injection,
    "label against preference": _label,
    "broken thread": _thread,
    "time runs backwards": _backwards,
    "acts after retirement": _retired,
}
