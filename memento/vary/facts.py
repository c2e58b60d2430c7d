"""What the texts of a world say, in the terms of the grammar that may have written them."""

from __future__ import annotations

from functools import cached_property, lru_cache

from memento.errors import NotFound
from memento.language.grammar import Grammar, Spoken, place_of
from memento.language.lexicon import DOMAINS
from memento.vary.remember import remembered
from memento.world.world import World

_Fact = tuple[str, str, str, str]
_UNNAMED = "this"


class Speech:
    """The memories and turns of a world as sentences of a grammar, where they are some."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.grammar = grammar_of(domain_of(world))
        entities, aspects = world.entities, world.aspects
        self.entity = dict(zip(entities["id"].tolist(), entities["name"].tolist(), strict=True))
        self.aspect = dict(zip(aspects["id"].tolist(), aspects["name"].tolist(), strict=True))

    @cached_property
    def older(self) -> dict[str, str]:
        """The value that each memory replaced, by its id."""
        memories = self.world.memories
        pairs = zip(memories["superseded_by"].tolist(), memories["value"].tolist(), strict=True)
        return {newer: value for newer, value in pairs if newer}

    @cached_property
    def _facts(self) -> list[_Fact]:
        columns = (self.world.memories[name].tolist() for name in ("id", "entity", "aspect", "value", "text"))
        return [
            (key, self.entity.get(entity, _UNNAMED), self.aspect.get(aspect, ""), value or text)
            for key, entity, aspect, value, text in zip(*columns, strict=True)
        ]

    def fact(self, row: int) -> _Fact:
        """A memory as (id, entity name, aspect name, value)."""
        return self._facts[row]

    def memory(self, row: int) -> Spoken | None:
        """What a memory's text is an instance of."""
        memories = self.world.memories
        key, entity, aspect, value = self._facts[row]
        if not memories["value"][row] or not memories["entity"][row]:
            return None
        kind, text, older = memories["kind"][row], memories["text"][row], self.older.get(key, "")
        return _remembered(self.grammar.domain.name, kind, text, entity, aspect, value, older)

    @cached_property
    def _told(self) -> dict[str, list[int]]:
        """The rows of the memories that a session's turns may speak of, by session."""
        memories, turns = self.world.memories, self.world.turns
        found: dict[str, dict[int, None]] = {}
        for session, cites in zip(turns["session"].tolist(), turns["cites"].tolist(), strict=True):
            if cites:
                rows = [memories.row_of[key] for key in cites.split(" ") if key in memories.row_of]
                found.setdefault(session, {}).update(dict.fromkeys(rows))
        for row, origin in enumerate(memories["origin"].tolist()):
            if origin:
                found.setdefault(origin, {})[row] = None
        return {session: list(rows) for session, rows in found.items()}

    def told(self, session: str) -> list[int]:
        """The rows of the memories that a session's turns may speak of."""
        return self._told.get(session, [])

    @cached_property
    def _about(self) -> dict[str, tuple[str, tuple[_Fact, ...]]]:
        """The topic of each session in words, and the facts that its turns may speak of, by session."""
        sessions = self.world.sessions
        return {
            key: (self.entity.get(topic, _UNNAMED), tuple(self._facts[row] for row in self.told(key)))
            for key, topic in zip(sessions["id"].tolist(), sessions["topic"].tolist(), strict=True)
        }

    @cached_property
    def _turns(self) -> list[tuple[str, str, str]]:
        turns = self.world.turns
        return list(zip(*(turns[name].tolist() for name in ("session", "role", "text")), strict=True))

    def turn(self, row: int) -> Spoken | None:
        """What a turn's text is an instance of."""
        session, role, text = self._turns[row]
        return _spoken(self.grammar.domain.name, role, text, *self._about[session])


speech_of = remembered(Speech)


@lru_cache(1 << 14)
def _remembered(domain: str, kind: str, text: str, entity: str, aspect: str, value: str, older: str) -> Spoken | None:
    """Kept, since most memories of most variants are those of their parent."""
    words = {"{e}": entity, "{v}": value, "{o}": older}
    for said in dict.fromkeys((kind, "superseding") if older else (kind,)):
        patterns = grammar_of(domain).patterns(aspect, said)
        place = place_of(patterns, text, words)
        if place is not None:
            return Spoken(patterns, place, words)
    return None


@lru_cache(1 << 15)
def _spoken(domain: str, role: str, text: str, topic: str, facts: tuple[_Fact, ...]) -> Spoken | None:
    """Kept, since most turns of most variants are those of their parent."""
    return grammar_of(domain).rank_turn(role, text, topic, facts)


@lru_cache(16)
def grammar_of(domain: str) -> Grammar:
    """The grammar of a domain, made once."""
    return Grammar(domain)


def domain_of(world: World) -> str:
    """The domain that a simulated world says it was made of; the first one for any other world."""
    said = world.manifest.scenario.get("entities", {})
    name = said.get("domain", "") if isinstance(said, dict) else ""
    try:
        DOMAINS[name]
    except NotFound:
        return next(iter(DOMAINS))
    return str(name)
