from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from memento.errors import UsageError
from memento.formats import read
from memento.formats.reading.ranking import stem
from memento.language.embed import GRAMMAR_WORDS, tokenize
from memento.render.contexts import queries
from memento.render.rendering import Spec, render
from memento.scenario import load
from memento.simulate import world as simulated
from memento.synthesis.twin import Settings, twin
from memento.synthesis.twin.cipher import Cipher
from memento.synthesis.twin.makeup import DEFAULT, Makeup, makeups, size
from memento.synthesis.twin.questions import Questions
from memento.synthesis.twin.statements import content, names, projects
from memento.world.check import check
from memento.world.world import World, empty_world

LIGHTHOUSE = Path(__file__).parents[2] / "formats" / "lighthouse.json"
PLAIN = Settings(copies=1, swap=0.0, sessions=40)


@pytest.fixture(scope="module")
def talk() -> World:
    return read("locomo", LIGHTHOUSE).world


@pytest.fixture(scope="module")
def made(talk: World) -> World:
    return twin(talk, PLAIN).world


def test_a_twin_has_the_memories_and_none_of_the_questions(talk: World, made: World) -> None:
    assert made.memories == talk.memories
    assert len(made.sessions) == 40
    real = {text for text in queries(talk) if text}
    assert not real & set(queries(made))
    assert not set(talk.sessions["id"].tolist()) & set(made.sessions["id"].tolist())
    assert not check(made)
    assert not made.manifest.patterns
    assert made.manifest.scenario["twin"]["sessions"] == 40


def test_every_question_has_evidence_among_its_candidates(talk: World, made: World) -> None:
    rendering = render(made, Spec(labels="observed", dimension=8))
    assert len(rendering) == 40
    relevant = np.add.reduceat(rendering.labels, rendering.offsets[:-1])
    assert relevant.min() >= 1
    assert set(np.diff(rendering.offsets).tolist()) == {size(talk)}
    kinds = set(made.memories["kind"][made.candidate_memories].tolist())
    assert kinds == {"episode"}  # observed facts are asked from, never offered


def test_the_same_settings_give_the_same_twin(talk: World, made: World) -> None:
    assert twin(talk, PLAIN).world == made
    assert twin(talk, replace(PLAIN, seed=1)).world != made


def test_copies_tell_it_in_other_words(talk: World) -> None:
    found = twin(talk, Settings(copies=3, swap=0.5, sessions=5))
    assert found.sessions == 15
    assert len(found.world.memories) == 3 * len(talk.memories)
    assert not check(found.world)
    first, second = (found.world.record("memories", f"lighthouse-D1.1~{copy}")["text"] for copy in (1, 2))
    original = talk.record("memories", "lighthouse-D1.1")["text"]
    assert len({first, second, original}) == 3
    assert len(tokenize(first)) == len(tokenize(original))
    assert found.world.record("memories", "lighthouse-D1.1~1")["entity"] == "lighthouse-Edda~1"


def test_a_cipher_keeps_what_texts_share() -> None:
    texts = ["She paints the old boats", "He painted a boat in the harbour", "They were out fishing"]
    cipher = Cipher(texts, 1.0, 3)
    told = [cipher(text) for text in texts]
    assert told != texts
    stems = [{stem(word) for word in tokenize(text)} - GRAMMAR_WORDS for text in texts]
    after = [{stem(word) for word in tokenize(text)} - GRAMMAR_WORDS for text in told]
    assert len(stems[0] & stems[1]) == len(after[0] & after[1]) == 2
    assert len(stems[0] & stems[2]) == len(after[0] & after[2]) == 0
    assert told[0].startswith("She ")
    assert Cipher(texts, 0.0, 3)(texts[0]) == texts[0]


def test_questions_follow_their_make_up(talk: World) -> None:
    (project,) = projects(talk)
    writer = Questions(talk, project)
    known = names(talk)
    for key in range(1, 200, 7):
        text, evidence = writer.write(Makeup(2, 1, 1, "own", "what did"), key)
        said = {stem(word) for word in content(text, known)}
        there = {stem(word) for place in evidence for word in writer.words[place]}
        assert len(said & there) <= 2
        assert len(said - there) <= 1
        assert text.startswith("What did ")
        assert set(tokenize(text)) & set(tokenize(writer.speakers[evidence[0]]))
    text, evidence = writer.write(Makeup(3, 0, 3, "none", ""), 5)
    assert not set(tokenize(text)) & known
    assert len(evidence) > 1


def test_make_ups_are_those_of_the_questions(talk: World) -> None:
    assert makeups(talk) is DEFAULT  # seven questions are too few
    many = twin(talk, replace(PLAIN, sessions=60)).world
    found = makeups(many)
    assert len(found) == 60
    assert np.mean([makeup.shared for makeup in found]) == pytest.approx(
        np.mean([makeup.shared for makeup in DEFAULT]), abs=0.6
    )
    assert {makeup.named for makeup in found} <= {"own", "other", "none"}


def test_statements_rest_on_what_is_offered(talk: World) -> None:
    (project,) = projects(talk)
    again = [said for said in project.statements if said.told_again]
    assert len(again) == 4
    offered = set(project.offered.tolist())
    assert all(set(said.evidence) <= offered for said in project.statements)


def test_sessions_keep_the_clock_of_the_real_ones(talk: World) -> None:
    fitted = twin(talk, Settings(copies=1, swap=0.0)).world
    real = talk.sessions["ended_at"][np.diff(talk.offsets) > 0]
    assert sorted(fitted.sessions["ended_at"].tolist()) == sorted(real.tolist())
    alone = twin(talk, Settings(copies=1, swap=0.0, fitted=False, sessions=13))
    assert alone.fitted_to == 0
    times = alone.world.sessions["ended_at"]
    assert times.min() > talk.memories["created_at"].max()
    assert np.diff(times).min() == 3600


def test_a_simulated_world_has_a_twin_too() -> None:
    world = simulated(load("tiny"), 7)
    found = twin(world, Settings(copies=1, sessions=10))
    assert found.sessions == 10 * len(projects(world))
    assert not check(found.world)
    made = found.world
    assert (
        made.memories["created_at"][made.candidate_memories] <= made.sessions["ended_at"][made.candidate_sessions]
    ).all()


def test_a_world_that_says_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="two memories"):
        twin(empty_world())
