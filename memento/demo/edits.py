"""Which records a demonstration edits: chosen from the world by rule, the same ones every time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from memento import rng
from memento.errors import UsageError
from memento.language.grammar import Grammar
from memento.language.lexicon import DOMAINS
from memento.world.records import NULL_INT, Record
from memento.world.world import World

EARLY, LATE = "early-bird", "night-shift"
MEANINGS = {
    EARLY: "What if the owner of this agent got up early? One memory matters in the morning, one rule counts more, "
    "one fact is replaced by a newer one.",
    LATE: "What if they worked at night? The same memory matters around midnight, and one fact is corrected.",
}


@dataclass(frozen=True)
class Edit:
    """One commit to make: the words of ``memento edit`` after the branch, and the message."""

    branch: str
    words: tuple[str, ...]
    message: str


@dataclass(frozen=True)
class Plan:
    """The edits of both forks in order, and the memory and field that they change apart."""

    edits: tuple[Edit, ...]
    contested: str
    field: str


def plan(world: World) -> Plan:
    """The edits of a world.

    The contested memory is the one most often offered of those with an hour of their own; both
    forks move that hour apart. Without any such, it is an importance that they change apart. Raises
    `UsageError` for a world with too few memories to edit.
    """
    ranked = list(_by_offers(world))
    if len(ranked) < 4:
        raise UsageError("this world has too few memories for a demonstration", "take another --scenario, such as tiny")
    contested = next((m for m in ranked if m["peak_hour"] is not None), ranked[0])
    left = [memory for memory in ranked if memory["id"] != contested["id"]]
    rule = next((m for m in left if m["kind"] == "constraint"), left[0])
    facts = [memory for memory in left if memory["id"] != rule["id"] and memory["aspect"] is not None]
    spoken = _Words(world)
    changeable = [memory for memory in facts if spoken.other(memory)]
    edits = [*_apart(contested), Edit(EARLY, (_place(rule), f"importance={_important(rule)}"), "this rule counts more")]
    if changeable:
        edits.append(_replace(spoken, changeable[0]))
    rest = [m for m in changeable[1:] if m["entity"] != changeable[0]["entity"]] or changeable[1:]
    if rest:
        edits.append(_correct(spoken, rest[0]))
    ordered = sorted(edits, key=lambda edit: edit.branch)
    return Plan(
        tuple(ordered), str(contested["id"]), "peak_hour" if contested["peak_hour"] is not None else "importance"
    )


def _apart(memory: Record) -> list[Edit]:
    hour = memory["peak_hour"]
    if hour is not None:
        early, late = (6 if hour == 7 else 7), (22 if hour == 23 else 23)
        return [
            Edit(EARLY, (_place(memory), f"peak_hour={early}"), "needed in the morning"),
            Edit(LATE, (_place(memory), f"peak_hour={late}"), "needed around midnight"),
        ]
    low, high = (0.1, 0.9) if 0.15 < memory["importance"] < 0.85 else (0.4, 0.6)
    return [
        Edit(EARLY, (_place(memory), f"importance={high}"), "matters more in the morning"),
        Edit(LATE, (_place(memory), f"importance={low}"), "matters less at night"),
    ]


def _replace(spoken: _Words, memory: Record) -> Edit:
    value = spoken.other(memory)
    text = spoken.text(memory, value, newer=True)
    return Edit(EARLY, (_place(memory), "supersede", f"value={value}", f"text={text}"), "this has changed since")


def _correct(spoken: _Words, memory: Record) -> Edit:
    value = spoken.other(memory)
    return Edit(
        LATE, (_place(memory), f"value={value}", f"text={spoken.text(memory, value)}"), "this was noted down wrongly"
    )


def _place(memory: Record) -> str:
    return f"memory:{memory['id']}"


def _important(memory: Record) -> str:
    return "0.9" if memory["importance"] == 0.95 else "0.95"


def _by_offers(world: World) -> Iterator[Record]:
    """The live memories, those offered most in the last fifth of the sessions first."""
    memories = world.memories
    rows, at = world.candidate_memories, world.candidate_sessions
    late = (rows >= 0) & (at >= len(world.sessions) * 4 // 5)
    offers = np.bincount(rows[late], minlength=len(memories))
    live = ~memories["deleted"] & (memories["superseded_by"] == "")
    peaked = memories["peak_hour"] != NULL_INT
    for row in np.lexsort((~peaked, -offers)).tolist():
        if live[row]:
            yield memories.record(row)


class _Words:
    """Other values for facts, and sentences that state them, in the domain of the world."""

    def __init__(self, world: World) -> None:
        scenario = world.manifest.scenario
        section = scenario.get("entities")
        name = section.get("domain", "") if isinstance(section, dict) else ""
        self.grammar = Grammar(name if name in DOMAINS else "personal")
        self.entities, self.aspects = world.entities, world.aspects
        self.taken: dict[str, set[str]] = {}
        for aspect, value in zip(world.memories["aspect"].tolist(), world.memories["value"].tolist(), strict=True):
            self.taken.setdefault(aspect, set()).add(value)

    def aspect(self, memory: Record) -> str:
        row = self.aspects.row_of.get(str(memory["aspect"]), -1)
        return str(self.aspects["name"][row]) if row >= 0 else ""

    def entity(self, memory: Record) -> str:
        row = self.entities.row_of.get(str(memory["entity"]), -1)
        return str(self.entities["name"][row]) if row >= 0 else ""

    def other(self, memory: Record) -> str:
        """A value that the aspect may take and no memory gives it; empty where there is none."""
        known = self.grammar.domain.aspects_by_name.get(self.aspect(memory))
        if known is None or not known.single_valued or not self.entity(memory):
            return ""
        taken = self.taken.get(str(memory["aspect"]), set())
        key = rng.key(0, "demo", str(memory["id"]))
        drawn = (known.values.draw(key, index) for index in range(len(known.values)))
        return next((value for value in drawn if value not in taken), "")

    def text(self, memory: Record, value: str, newer: bool = False) -> str:
        """The sentence that states a value of the memory's fact."""
        key, entity, aspect = rng.key(1, "demo", str(memory["id"])), self.entity(memory), self.aspect(memory)
        if newer:
            return self.grammar.superseding(key, entity, aspect, value, str(memory["value"]))
        return self.grammar.memory(key, entity, aspect, value, str(memory["kind"]))
