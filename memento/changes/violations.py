"""The contradictions of a merged world that neither side had, and what answers them.

A finding that a parent has too is that parent's own affair. What is new is found from what the merge
changed (`memento.changes.affected`); `everything_new` finds the same by looking through whole worlds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from memento.changes import edit
from memento.changes.affected import identity, new_findings
from memento.changes.conflict import Conflict, Fix, Resolution, Violation
from memento.changes.fixes import fixes
from memento.changes.operations import from_map
from memento.changes.outcome import Outcome, outcome, starts_after
from memento.changes.records import Sides
from memento.changes.snapshot import Lookup, Snapshot
from memento.errors import InvalidFile
from memento.world import tree
from memento.world.check import CHECKS, check, in_order
from memento.world.finding import Check, Finding
from memento.world.objects import ObjectStore
from memento.world.records import TABLES
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


def judge(
    store: ObjectStore,
    merged: Outcome,
    sides: Sides,
    trees: tuple[str, str],
    starts: Mapping[str, int],
    answers: Answers,
    policy: Policy | None = None,
) -> Judged:
    """Looks for new contradictions of the merged tree and applies the answers to what is found.

    `trees` are those of the sides, `starts` the merged tree's sessions with their starts, as far as
    known. A fix may bring a new violation, which may have an answer too, so this goes on until no
    answer is left, at most 20 rounds. Raises `InvalidFile` where a fix cannot be applied.
    """
    settled: dict[str, tuple[Violation, Resolution]] = {}
    accepted: set[str] = set()
    for _ in range(_ROUNDS):
        found = [v for v in violations(store, merged, sides, starts) if v.id not in accepted]
        answered = [(v, a) for v in found if (a := _answer(v, answers, policy)) is not None]
        if not answered:
            return Judged(merged.tree_id, tuple(found), tuple(settled.values()))
        before = result = merged.tree_id
        for violation, answer in answered:
            settled[violation.id] = (violation, answer)
            if answer.choice == "accept":
                accepted.add(violation.id)
                continue
            operations = [from_map(operation, violation.id) for operation in answer.value]
            try:
                delta = edit.plan(Snapshot(store, result, starts), operations, violation.id, allow_nothing=True)
            except InvalidFile:
                if result == before:
                    raise
                continue
            result = tree.apply(store, result, delta)
            starts = starts_after(starts, delta)
        merged = outcome(store, result, sides, None, trees)
    found = [v for v in violations(store, merged, sides, starts) if v.id not in accepted]
    return Judged(merged.tree_id, tuple(found), tuple(settled.values()))


def violations(
    store: ObjectStore,
    merged: Outcome,
    sides: Sides,
    starts: Mapping[str, int] | None = None,
    checks: Sequence[Check] = CHECKS,
) -> list[Violation]:
    """The findings of `checks` on a merged tree that neither side has, with fixes."""
    snapshot = Snapshot(store, merged.tree_id, starts)
    return _violations(in_order(new_findings(snapshot, merged, checks)), snapshot, sides)


def everything_new(store: ObjectStore, merged: str, sides: Sides, checks: Sequence[Check] = CHECKS) -> list[Violation]:
    """The same by looking through the whole merged world and both sides: slow, and easy to believe."""
    snapshot = Snapshot(store, merged)
    found = check(_world(snapshot), undated=True, only=checks)
    old = {
        identity(finding)
        for side in (sides.ours, sides.theirs)
        for finding in check(_world(side), undated=True, only=checks)
    }
    return _violations([finding for finding in found if identity(finding) not in old], snapshot, sides)


def _violations(found: list[Finding], merged: Lookup, sides: Sides) -> list[Violation]:
    sources: dict[str, Lookup] = {"ours": sides.ours, "theirs": sides.theirs, "the base": sides.base}
    return [_violation(finding, merged, sources) for finding in found]


def _world(lookup: Lookup) -> World:
    return World(lookup.manifest, {name: lookup.table(name) for name in TABLES})


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
