"""What a world's memories say, and which of them would answer a question about it.

A statement is a memory that sessions are offered, by its own words; or a memory that rests on such ones,
as an observed fact rests on the turns that its origin names: its words say the same in another way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from memento.language.embed import GRAMMAR_WORDS, tokenize
from memento.world.world import World

Ints = npt.NDArray[np.int64]
_FEWEST = 2
_SMALL_TALK = (
    "hey hi hello wow thanks thank yeah yep yup yes no oh ok okay haha great awesome cool nice sure image photo"
)
_CHATTER = frozenset(_SMALL_TALK.split())


@dataclass(frozen=True)
class Statement:
    """Words about something, and the rows of the memories that it rests on, which are its evidence."""

    words: tuple[str, ...]
    evidence: tuple[int, ...]
    told_again: bool


@dataclass(frozen=True)
class Project:
    """One project's memories that can be offered, in order of time, and the statements that they make."""

    name: str
    offered: Ints
    statements: tuple[Statement, ...]


def content(text: str, left_out: frozenset[str] = frozenset()) -> list[str]:
    """The distinct words of a text that say something, in order; `left_out` are names."""
    said = (word for word in tokenize(text) if word not in GRAMMAR_WORDS and word not in _CHATTER)
    return list(dict.fromkeys(word for word in said if word not in left_out))


def names(world: World) -> frozenset[str]:
    """The words of the names of the entities that memories are about."""
    about = set(world.memories["entity"].tolist())
    of = zip(world.entities["id"].tolist(), world.entities["name"].tolist(), strict=True)
    return frozenset(word for entity, name in of if entity in about for word in tokenize(name))


def projects(world: World) -> list[Project]:
    """The projects of a world that have at least two memories to offer, in order of their names.

    Where sessions were offered memories, those kinds are offered which they were offered.
    """
    memories = world.memories
    live = ~memories["deleted"]
    used = np.unique(world.candidate_memories[world.candidate_memories >= 0])
    kinds = set(memories["kind"][used].tolist()) or set(memories["kind"].tolist())
    offered = live & np.isin(memories["kind"], np.array(sorted(kinds), object))
    left_out = names(world)
    found = []
    for name in sorted(set(memories["project"][offered].tolist())):
        inside = memories["project"] == name
        rows = np.flatnonzero(offered & inside)
        rows = rows[np.argsort(memories["created_at"][rows], kind="stable")]
        if len(rows) > 1:
            rest = np.flatnonzero(live & inside & ~offered)
            found.append(Project(name, rows, tuple(_statements(world, rows, rest, left_out))))
    return [project for project in found if project.statements]


def _statements(world: World, offered: Ints, rest: Ints, left_out: frozenset[str]) -> list[Statement]:
    memories = world.memories
    by_origin = {memories["origin"][row]: row for row in offered.tolist() if memories["origin"][row]}
    found = []
    for row in rest.tolist():
        origins = (part.strip() for part in memories["origin"][row].split(","))
        evidence = tuple(by_origin[origin] for origin in origins if origin in by_origin)
        words = tuple(content(memories["text"][row], left_out))
        if evidence and len(words) >= _FEWEST:
            found.append(Statement(words, evidence, True))
    for row in offered.tolist():
        words = tuple(content(memories["text"][row], left_out))
        if len(words) >= _FEWEST:
            found.append(Statement(words, (row,), False))
    return found
