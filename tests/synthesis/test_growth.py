from __future__ import annotations

import itertools

import pytest

from memento.errors import UsageError
from memento.language.embed import tokenize
from memento.scenario import load
from memento.simulate import world as simulated
from memento.synthesis.growth import Rouge, grow, rouge_l
from memento.world.check import check
from memento.world.world import World, empty_world


@pytest.fixture(scope="module")
def world() -> World:
    return simulated(load("tiny"), 7)


def test_what_grew_is_new(world: World) -> None:
    found = grow(world, 25, seed=3)
    assert 0 < found.kept <= 25
    assert found.rejected
    fresh = [r for r in found.world.memories.records() if r["id"] not in world.memories.row_of]
    assert len(fresh) == found.kept
    texts = [tuple(tokenize(t)) for t in [*world.memories["text"].tolist(), *(r["text"] for r in fresh)]]
    for a, b in itertools.combinations(range(len(texts)), 2):
        if b >= len(world.memories):
            assert rouge_l(texts[a], texts[b]) < 0.7
    assert len(check(found.world)) <= len(check(world))
    assert found.world == grow(world, 25, seed=3).world
    assert found.world != grow(world, 25, seed=4).world


def test_a_stricter_gate_turns_more_away(world: World) -> None:
    loose, strict = grow(world, 15, threshold=0.9, seed=3), grow(world, 15, threshold=0.4, seed=3)
    assert strict.tried > loose.tried or strict.kept < loose.kept
    with pytest.raises(UsageError, match="growth needs 8"):
        grow(empty_world(), 3)


@pytest.mark.parametrize(
    ("a", "b", "score"),
    [
        ("a b c d", "a b c d", 1.0),
        ("a b c d", "a x c y", 0.5),
        ("a b", "c d", 0.0),
        ("", "a", 0.0),
        ("a b c", "c b a", 1 / 3),
    ],
)
def test_rouge_l(a: str, b: str, score: float) -> None:
    assert rouge_l(tuple(a.split()), tuple(b.split())) == pytest.approx(score)


def test_the_bound_passes_nothing_over() -> None:
    kept = Rouge()
    texts = ["the owner of core is Ada", "core is owned by Ada", "the mirror hangs low", "Ada owns the core"]
    for text in texts:
        kept.add(text)
    for text in ("the owner of core is Eve", "the core Ada owns"):
        best = max(rouge_l(tuple(tokenize(text)), tuple(tokenize(other))) for other in texts)
        assert kept.closest(text) == pytest.approx(best)
