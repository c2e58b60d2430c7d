from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from memento.formats import read
from memento.render.rendering import Spec, render
from memento.validate.leakage import Leak, Part, check
from memento.world.table import Table
from memento.world.world import World

LIGHTHOUSE = Path(__file__).parents[1] / "formats" / "lighthouse.json"
SPEC = Spec(labels="observed")


def part(name: str, world: World, commit: str = "") -> Part:
    return Part(name, world, render(world, SPEC, commit=commit))


@pytest.fixture(scope="module")
def talk() -> World:
    return read("locomo", LIGHTHOUSE).world


def renamed(world: World, **texts: str) -> World:
    """The same sessions and memories under other ids; with `texts` the memories say something else."""
    tables = {}
    for name, table in world.tables.items():
        columns = dict(table.columns)
        for field in table.schema.fields:
            if field.name == "id" or field.target:
                column = np.empty(len(table), object)
                column[:] = [
                    " ".join(f"other-{i}" for i in text.split()) if text else "" for text in columns[field.name]
                ]
                columns[field.name] = column
        tables[name] = Table.from_columns(table.schema, columns)
    found = World.build(world.manifest, tables)
    if not texts:
        return found
    said = np.empty(len(found.memories), object)
    said[:] = [f"{texts['say']} number {n} of quite another talk altogether" for n in range(len(said))]
    spoken = np.empty(len(found.turns), object)
    spoken[:] = [f"{texts['say']} turn {n} of quite another talk altogether" for n in range(len(spoken))]
    memories, turns = found.memories.replace(text=said), found.turns.replace(text=spoken)
    return found.replace(memories=memories, turns=turns)


def leaks(training: Part, test: Part, descends: bool = False) -> tuple[str, ...]:
    with pytest.raises(Leak) as caught:
        check([training], [test], lambda child, parent: descends)
    assert f"{training.name} knows {test.name}" in caught.value.message
    assert caught.value.hint
    return caught.value.kinds


def test_another_conversation_knows_nothing(talk: World) -> None:
    other = renamed(talk, say="words")
    check([part("other", other, "a" * 40)], [part("talk", talk, "b" * 40)], lambda child, parent: False)


def test_sessions_are_known_by_their_ids(talk: World) -> None:
    assert leaks(part("copy", talk), part("talk", talk)) == ("session", "memory")


def test_questions_are_known_under_other_ids(talk: World) -> None:
    assert leaks(part("renamed", renamed(talk)), part("talk", talk)) == ("question", "memory")


def test_memories_are_known_by_their_words(talk: World) -> None:
    """A world made of a test's memories, such as a twin of it, whatever it asks of them."""
    other = renamed(talk)
    asked = np.empty(len(other.turns), object)
    asked[:] = [f"something else altogether is asked here, {n}" for n in range(len(asked))]
    made = other.replace(turns=other.turns.replace(text=asked))
    assert leaks(part("twin", made), part("talk", talk)) == ("memory",)


def test_what_was_made_from_the_test_is_refused_whatever_it_says(talk: World) -> None:
    other = renamed(talk, say="words")
    assert leaks(part("made", other, "a" * 40), part("talk", talk, "b" * 40), descends=True) == ("commit",)


def test_earlier_sessions_may_share_memories(talk: World) -> None:
    whole = part("talk", talk)
    early, late = whole.rendering.split(0.5)
    check([Part("early", talk, early)], [Part("late", talk, late)])
    assert leaks(Part("late", talk, late), Part("early", talk, early)) == ("memory",)


def test_worlds_of_one_grammar_are_told_apart_by_their_ids(talk: World) -> None:
    simulated = replace(talk.manifest, source="simulated")
    other = renamed(talk).replace(simulated)
    said = np.empty(len(other.turns), object)
    said[:] = [f"something else {n}" for n in range(len(said))]
    other = other.replace(turns=other.turns.replace(text=said))
    check([part("other", other)], [part("talk", talk.replace(simulated))])
    assert leaks(part("copy", talk), part("talk", talk.replace(simulated))) == ("session", "memory")
