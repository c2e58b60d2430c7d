"""Formulas of the entities against hand calculations and against what they mean."""

from __future__ import annotations

import math

import numpy as np
import pytest

from memento.errors import UsageError
from memento.population import Draw, choice, corpus, junk, recommender, user


def test_chances_are_those_of_a_logit() -> None:
    scores = np.array([[0.3, -1.2, 2.0], [1e4, 0.0, -1e4]])
    weights = np.exp([0.3, -1.2, 2.0, 0.0])
    np.testing.assert_allclose(choice.chances(scores)[0], weights[:3] / weights.sum(), atol=1e-12)
    np.testing.assert_allclose(choice.chances(scores)[1], [1.0, 0.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(
        choice.alone(np.array([0.0, 2.0, -2.0, 800.0])), 1 / (1 + np.exp([0.0, -2.0, 2.0, -800.0]))
    )


def test_choices_come_as_often_as_they_should() -> None:
    draws = Draw(1).uniform("c", 40_000)
    scores = np.tile([0.5, -0.5], (40_000, 1))
    found = choice.choose(scores, draws)
    expected = choice.chances(scores[:1])[0]
    for item in (0, 1):
        share = (found == item).mean()
        assert abs(share - expected[item]) < 4 * math.sqrt(expected[item] * (1 - expected[item]) / 40_000)
    several = choice.choose_several(scores, Draw(2).uniform("c", 40_000, 3))
    both = expected[0] * _after(0.0, -0.5) + expected[1] * _after(0.0, 0.5)
    assert abs(several.all(axis=1).mean() - both) < 4 * math.sqrt(both * (1 - both) / 40_000)


def _after(none: float, score: float) -> float:
    """The chance of the item that is left."""
    return math.exp(score) / (math.exp(none) + math.exp(score))


def test_interest_moves_towards_what_is_good_and_away_from_what_is_not() -> None:
    interest, features = np.array([[1.0, -2.0]]), np.array([[3.0, 0.0]])
    for quality in (0.8, -0.8):
        moved = user.evolved(interest, features, np.array([quality]), np.zeros((1, 2)))[0]
        hand = [4 * 10 * (1 / (1 + math.exp(-(u + 0.1 * quality * (x - u)) / 10)) - 0.5) for u, x in ((1, 3), (-2, 0))]
        np.testing.assert_allclose(moved, hand, atol=1e-12)
    far = user.evolved(np.array([[1e6, -1e6]]), features, np.array([0.1]), np.zeros((1, 2)))
    np.testing.assert_allclose(far, [[20.0, -20.0]])


def test_affinity_time_and_satisfaction() -> None:
    interest = np.array([[0.0, 0.0], [1.0, 1.0]])
    features = np.array([[3.0, 4.0]])
    np.testing.assert_allclose(user.affinity(interest, features)[:, 0], [2 - 5, 2 - math.hypot(2, 3)])
    np.testing.assert_allclose(user.time_of(np.array([-1.0, 1.0]), np.array([2.0, 2.0])), [1.4621171573, 0.5378828427])
    np.testing.assert_allclose(user.exposed(np.array([1.0]), np.array([-0.5]), np.array([0.1])), [0.5])
    assert user.satisfaction(np.array([-9.0, 0.0, 9.0])).tolist() == pytest.approx([0.0630, 0.5, 0.9370], abs=1e-3)


def test_a_corpus_has_three_good_topics_of_ten() -> None:
    np.testing.assert_allclose(corpus.means(10), [*np.linspace(-1, 0, 7), 0.0, 0.5, 1.0])
    assert corpus.means(1).tolist() == [0.0]
    made = corpus.documents(Draw(3), np.tile(np.arange(10), 500), 10)
    by_topic = made.quality.reshape(500, 10)
    np.testing.assert_allclose(by_topic.mean(axis=0), corpus.means(10), atol=0.02)
    np.testing.assert_allclose(by_topic.std(axis=0), 0.1, atol=0.02)
    own = made.features[np.arange(5000), made.topic]
    assert abs(own.mean() - 1.0) < 0.05
    assert abs(made.features.std() - math.sqrt(0.7**2 + 0.09)) < 0.02


def test_the_baseline_knows_what_was_consumed_lately() -> None:
    history = np.full((2, recommender.HISTORY, 2), np.nan)
    assert recommender.estimate(history).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    for value in range(12):
        seen = np.array([[value, -value], [9.0, 9.0]], float)
        history = recommender.remembered(history, seen, np.array([True, False]))
    np.testing.assert_allclose(recommender.estimate(history), [[6.5, -6.5], [0.0, 0.0]])


def test_an_offer_is_the_best_and_some_others() -> None:
    features, importance = Draw(1).normal("f", 50, 4), Draw(1).uniform("i", 50)
    offered = recommender.offer(Draw(2), np.zeros((3, 4)), features, importance, 12, 4)
    assert offered.shape == (3, 12)
    assert all(len(set(row)) == 12 for row in offered.tolist())
    score = user.affinity(np.zeros((1, 4)), features)[0] + importance
    np.testing.assert_array_equal(offered[0, :8], np.argsort(-score)[:8])
    assert offered[0, 8:].tolist() != offered[1, 8:].tolist()


@pytest.mark.parametrize("seed", range(5))
def test_junk_takes_more_time_and_is_liked_less_and_less(seed: int) -> None:
    bad, good = junk(agents=40, seed=seed)
    assert (bad.name, good.name) == ("junk", "good")
    assert bad.time > 1.0 > good.time
    assert bad.affinity[1] < bad.affinity[0] < good.affinity[1]
    assert bad.picked[1] < bad.picked[0] < good.picked[1]


def test_sizes_that_tell_nothing() -> None:
    with pytest.raises(UsageError, match="tell nothing"):
        junk(agents=0)
    with pytest.raises(UsageError, match="tell nothing"):
        junk(steps=5)
