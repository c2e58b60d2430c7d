"""Move a whole world to another domain: a conversation about machine learning becomes one about medicine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.errors import UsageError
from memento.language import ontology
from memento.language.lexicon import DOMAINS, domain
from memento.vary.facts import domain_of, grammar_of, speech_of
from memento.vary.operator import Expectation, Operator, parameter
from memento.vary.rename import Named
from memento.world.tree import Delta
from memento.world.world import World


@dataclass(frozen=True)
class Transfer(Operator):
    """Entities, aspects, values, dependencies, memories and turns become those of another domain, as one.

    Kinds and aspects answer to one another by an ontology (`memento.language.ontology`), names one to one, values
    one to one under their aspect. Facts keep their shape, and the texts that the grammar wrote are written again
    by the other domain's, at the same index; other texts get the new names alone. Ids and times stay.
    """

    name: ClassVar[str] = "domain"
    formula: ClassVar[str] = "kind, aspect, name, value -> what answers to it in domain `to`"
    source: ClassVar[str] = "cross-domain cloning by an ontology map (Memento fractals)"
    expects: ClassVar[Expectation] = "labels"

    to: str = parameter(
        "", f"{', '.join(DOMAINS)}; drawn for each world if left out", kind="text", choices=("", *DOMAINS)
    )

    def apply(self, world: World, key: int) -> Delta:
        """One draw for the domain where none is named, and one for each entity and each value.

        Raises `UsageError` for a world without entities.
        """
        if not len(world.entities):
            raise UsageError("a world without entities has no domain to leave", "import or generate one that has some")
        source = domain_of(world)
        others = [name for name in DOMAINS if name != source]
        target = self.to or others[key % len(others)]
        if target == source and world.manifest.source == "simulated":
            return Delta()
        return _Transfer(world, key, source, target).change()


class _Transfer:
    """One world on its way from one domain to another."""

    def __init__(self, world: World, key: int, source: str, target: str) -> None:
        self.before, self.key, self.source, self.target = world, key, source, target
        self.words, self.grammar = domain(target), grammar_of(target)
        self.speech = speech_of(world)
        self.kinds = ontology.kinds(source, target)
        self.aspects = ontology.aspects(source, target)
        self.kind = dict(
            zip(world.entities["id"].tolist(), map(self._kind, world.entities["kind"].tolist()), strict=True)
        )
        self.name = self._names()
        self.aspect = self._aspects()

    def _kind(self, kind: str) -> str:
        return self.kinds.get(kind) or self.words.kinds[rng.key(0, kind) % len(self.words.kinds)]

    def _names(self) -> dict[str, str]:
        """The new name of each entity, by id: one to one on names."""
        entities = self.before.entities
        by_name: dict[str, str] = {}
        counts: dict[str, int] = {}
        for key, name in zip(entities["id"].tolist(), entities["name"].tolist(), strict=True):
            kind = self.kind[key]
            if name not in by_name:
                # Kinds may draw from one set of names, such as people: the next one is taken then.
                taken = set(by_name.values())
                while True:
                    drawn = self.words.names(kind).draw(rng.key(self.key, "names", kind), counts.get(kind, 0))
                    counts[kind] = counts.get(kind, 0) + 1
                    if drawn not in taken:
                        break
                by_name[name] = drawn
        return {
            key: by_name[name] for key, name in zip(entities["id"].tolist(), entities["name"].tolist(), strict=True)
        }

    def _aspects(self) -> dict[str, str]:
        """The new name of each aspect, by id."""
        aspects, kind_of = self.before.aspects, dict(
            zip(self.before.entities["id"].tolist(), self.before.entities["kind"].tolist(), strict=True)
        )  # fmt: skip
        used: dict[str, set[str]] = {}
        found = {}
        columns = zip(*(aspects[field].tolist() for field in ("id", "entity", "name", "single_valued")), strict=True)
        for key, entity, name, single in columns:
            mine = used.setdefault(entity, set())
            new = self.aspects.get((kind_of.get(entity, ""), name), "")
            if not new or new in mine:
                pool = [n for n, term in self.words.aspects_by_name.items() if term.single_valued == single]
                start = rng.key(0, name) % len(pool)
                new = next((n for n in [*pool[start:], *pool[:start]] if n not in mine), name)
            mine.add(new)
            found[key] = new
        return found

    def _values(self) -> dict[tuple[str, str], str]:
        """The new value for each (aspect id, value): one to one under an aspect."""
        memories = self.before.memories
        used: dict[str, set[str]] = {}
        found: dict[tuple[str, str], str] = {}
        for aspect, value in zip(memories["aspect"].tolist(), memories["value"].tolist(), strict=True):
            if not value or (aspect, value) in found or aspect not in self.aspect:
                continue
            term = self.words.aspects_by_name.get(self.aspect[aspect])
            mine = used.setdefault(aspect, set())
            new = term.values.draw(rng.key(self.key, "value", aspect), len(mine)) if term else value
            mine.add(new)
            found[(aspect, value)] = new
        return found

    def change(self) -> Delta:
        """What makes the world one of its new domain."""
        before, values = self.before, self._values()
        memories, entities, aspects = before.memories, before.entities, before.aspects
        new_value = _column(
            values.get((aspect, value), value)
            for aspect, value in zip(memories["aspect"].tolist(), memories["value"].tolist(), strict=True)
        )
        renamed = Named(
            dict(zip(entities["name"].tolist(), (self.name[key] for key in entities["id"].tolist()), strict=True))
        )
        names = _column(self.name[key] for key in entities["id"].tolist())
        facts = {
            key: (key, self.name.get(entity, "this"), self.aspect.get(aspect, ""), value or text)
            for key, entity, aspect, value, text in zip(
                *(memories[f].tolist() for f in ("id", "entity", "aspect")),
                new_value.tolist(), memories["text"].tolist(),
                strict=True,
            )
        }  # fmt: skip
        upserts = {
            "entities": entities.replace(name=names, kind=_column(self.kind[key] for key in entities["id"].tolist())),
            "aspects": aspects.replace(name=_column(self.aspect[key] for key in aspects["id"].tolist())),
            "dependencies": before.dependencies.replace(kind=_column(self._edges())),
            "memories": memories.replace(value=new_value, text=_column(self._memories(facts, renamed))),
            "turns": before.turns.replace(text=_column(self._turns(facts, renamed))),
        }
        scenario: dict[str, Any] = dict(before.manifest.scenario)
        said = scenario.get("entities")
        if isinstance(said, dict):
            scenario["entities"] = {**said, "domain": self.target}
        return Delta(upserts, manifest=replace(before.manifest, scenario=scenario))

    def _edges(self) -> list[str]:
        """The new kind of each dependency: one that the domain knows between its kinds, else of its source."""
        found = []
        columns = zip(
            *(self.before.dependencies[field].tolist() for field in ("source", "target", "kind")), strict=True
        )
        for source, target, kind in columns:
            ends = self.kind.get(source, ""), self.kind.get(target, "")
            exact = [name for a, name, b in self.words.dependencies if (a, b) == ends]
            near = [name for a, name, b in self.words.dependencies if a == ends[0]]
            found.append((exact or near or [kind])[0])
        return found

    def _memories(self, facts: dict[str, tuple[str, str, str, str]], renamed: Named) -> list[str]:
        memories = self.before.memories
        older = dict(zip(memories["superseded_by"].tolist(), memories["id"].tolist(), strict=True))
        texts = []
        for row, key in enumerate(memories["id"].tolist()):
            spoken = self.speech.memory(row)
            if spoken is None:
                texts.append(renamed.text(memories["text"][row]))
                continue
            _, entity, aspect, value = facts[key]
            superseding = "{o}" in spoken.patterns[spoken.place]
            kind = "superseding" if superseding else memories["kind"][row]
            old = facts[older[key]][3] if key in older else ""
            place = spoken.place % self.grammar.count(aspect, kind)
            texts.append(self.grammar.unrank(place, entity, aspect, value, kind, old))
        return texts

    def _turns(self, facts: dict[str, tuple[str, str, str, str]], renamed: Named) -> list[str]:
        turns, sessions, keys = self.before.turns, self.before.sessions, self.before.memories.keys
        about = {
            session: (self.name.get(topic, "this"), tuple(facts[keys[place]] for place in self.speech.told(session)))
            for session, topic in zip(sessions["id"].tolist(), sessions["topic"].tolist(), strict=True)
        }
        texts = []
        for row, (session, text) in enumerate(zip(turns["session"].tolist(), turns["text"].tolist(), strict=True)):
            spoken = self.speech.turn(row)
            if spoken is None:
                texts.append(renamed.text(text))
            else:
                texts.append(self.grammar.turn_of(spoken.line, spoken.place, *about[session]))
        return texts


def _column(values: Any) -> npt.NDArray[np.object_]:
    listed = list(values)
    column = np.empty(len(listed), object)
    column[:] = listed
    return column
