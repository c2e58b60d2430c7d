"""The contradictions of a merged world that neither side had, and what answers them.

A finding that a parent has too is that parent's own affair. Only checks whose records both sides
changed, or a resolution touched, can find anything new, so only the tables of those are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from memento.changes import edit
from memento.changes.conflict import Conflict, Fix, Resolution, Violation
from memento.changes.diff import Diff
from memento.changes.fixes import fixes
from memento.changes.operations import from_map
from memento.changes.records import BELONGING, Sides
from memento.changes.snapshot import Lookup, Snapshot
from memento.errors import InvalidFile
from memento.world import tree
from memento.world.check import CHECKS, Check, Finding, check
from memento.world.objects import ObjectStore
from memento.world.records import TABLES
from memento.world.table import Table
from memento.world.world import World

Policy = Literal["fix", "accept"]
_ROUNDS = 20


class Answers(Protocol):
    """What the conflicts of the merge left behind."""

    by_id: dict[str, Resolution]
    open: list[Conflict]
    settled: list[tuple[Conflict | Violation, Resolution]]


@dataclass(frozen=True)
class Judged:
    """The tree after fixes, the violations left open, and those that were answered."""

    tree_id: str
    open: tuple[Violation, ...]
    settled: tuple[tuple[Violation, Resolution], ...] = ()


def judge(store: ObjectStore, merged: str, sides: Sides, answers: Answers, policy: Policy | None = None) -> Judged:
    """Looks the merged tree through and applies the answers to what is found.

    A fix may bring a new violation, which may have an answer too, so this goes on until no answer
    is left, at most 20 rounds. Raises `InvalidFile` where a fix cannot be applied.
    """
    checks = relevant(sides.by_us, sides.by_them, _touched(answers))
    settled: dict[str, tuple[Violation, Resolution]] = {}
    accepted: set[str] = set()
    for _ in range(_ROUNDS):
        found = [v for v in violations(store, merged, sides, checks) if v.id not in accepted]
        answered = [(v, a) for v in found if (a := _answer(v, answers, policy)) is not None]
        if not answered:
            return Judged(merged, tuple(found), tuple(settled.values()))
        before = merged
        for violation, answer in answered:
            settled[violation.id] = (violation, answer)
            if answer.choice == "accept":
                accepted.add(violation.id)
                continue
            operations = [from_map(operation, violation.id) for operation in answer.value]
            try:
                delta = edit.plan(Snapshot(store, merged), operations, violation.id, allow_nothing=True)
            except InvalidFile:
                if merged == before:
                    raise
                continue
            merged = tree.apply(store, merged, delta)
            checks = tuple(dict.fromkeys([*checks, *_reading(delta.upserts.keys() | delta.deletes.keys())]))
    found = [v for v in violations(store, merged, sides, checks) if v.id not in accepted]
    return Judged(merged, tuple(found), tuple(settled.values()))


def violations(store: ObjectStore, merged: str, sides: Sides, checks: Sequence[Check]) -> list[Violation]:
    """The findings of `checks` on a merged tree that neither side has, with fixes."""
    if not checks:
        return []
    snapshot = Snapshot(store, merged)
    found = check(_world(snapshot, checks), undated=True, only=checks)
    if not found:
        return []
    only = [one for one in checks if any(finding.kind == one.kind for finding in found)]
    old: set[tuple[object, ...]] = set()
    for side in (sides.ours, sides.theirs):
        old |= {_identity(finding) for finding in check(_world(side, only), undated=True, only=only)}
    sources = {"ours": sides.ours, "theirs": sides.theirs, "the base": sides.base}
    return [_violation(finding, snapshot, sources) for finding in found if _identity(finding) not in old]


def relevant(by_us: Diff, by_them: Diff, touched: Iterable[str] = ()) -> tuple[Check, ...]:
    """The checks that may find something in a merged world that neither side has.

    Those that read what both sides changed, or a table in `touched`.
    """
    also = set(touched)
    return tuple(
        one for one in CHECKS if (_concerns(one, by_us) and _concerns(one, by_them)) or also & one.fields.keys()
    )


def _concerns(one: Check, diff: Diff) -> bool:
    for name, fields in one.fields.items():
        part = diff.tables.get(name)
        if part and (len(part.added) or len(part.removed) or any(field in part.changed for field in fields)):
            return True
    return False


def _touched(answers: Answers) -> set[str]:
    """Tables in which the merged world may hold what neither side has."""
    conflicts = [*answers.open, *(c for c, a in answers.settled if isinstance(c, Conflict))]
    kept = {c.table for c in conflicts if c.table in TABLES and not (c.field and c.base_known)}
    chosen = {c.table for c, a in answers.settled if c.table in TABLES and a.choice in ("value", "base")}
    return kept | chosen | (set(BELONGING) if "sessions" in kept else set())


def _reading(tables: Iterable[str]) -> list[Check]:
    wanted = set(tables)
    return [one for one in CHECKS if wanted & one.fields.keys()]


def _world(lookup: Lookup, checks: Sequence[Check]) -> World:
    """A world of the tables that some checks read; the others are empty."""
    wanted = {name for one in checks for name in one.fields}
    tables = {name: lookup.table(name) if name in wanted else Table.empty(schema) for name, schema in TABLES.items()}
    return World(lookup.manifest, tables)


def _identity(finding: Finding) -> tuple[object, ...]:
    return finding.kind, finding.table, finding.key, finding.field, finding.involved


def _violation(finding: Finding, merged: Lookup, sources: dict[str, Lookup]) -> Violation:
    involved = tuple(f"{TABLES[table].singular}:{key}" for table, key in finding.involved)
    ways: tuple[Fix, ...] = fixes(finding, merged, sources)
    return Violation(finding.kind, finding.table, finding.key, finding.message, involved, ways, finding.field)


def _answer(violation: Violation, answers: Answers, policy: Policy | None) -> Resolution | None:
    found = answers.by_id.get(violation.id)
    if found is not None and found.choice in ("fix", "accept"):
        return found
    if policy == "accept" or (policy == "fix" and not violation.fixes):
        return violation.resolution("accept") if policy == "accept" else None
    return violation.resolution("fix", 1) if policy == "fix" else None
