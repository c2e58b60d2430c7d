"""Measures against what is known of them: equal sets, iid halves, and sets made to differ in one way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from memento.errors import UsageError
from memento.validate.fidelity import adversary, distance, marginal, neighbours
from memento.validate.fidelity.rows import Floats, equal, standard

N, K = 200, 4


def normal(seed: int, shift: float = 0.0, n: int = N) -> Floats:
    found: Floats = np.random.default_rng(seed).normal(shift, 1.0, (n, K))
    return found


def test_complements_are_one_for_equal_values_and_fall_with_the_distance():
    values = normal(1)[:, 0]
    assert marginal.ks_complement(values, values) == 1.0
    assert marginal.ks_complement(np.zeros(5), np.ones(5)) == 0.0
    assert marginal.ks_complement(np.array([0.0, 1.0]), np.array([0.0, 0.0])) == pytest.approx(0.5)
    assert marginal.tv_complement(np.array([0.0, 0, 1, 1]), np.array([0.0, 1, 1, 1])) == pytest.approx(0.75)


def test_ks_is_scipys():
    stats = pytest.importorskip("scipy.stats")
    a, b = normal(1)[:, 0], normal(2, 0.4)[:, 0]
    assert marginal.ks_complement(a, b) == pytest.approx(1.0 - stats.ks_2samp(a, b).statistic)
    apart = distance.sliced_wasserstein(a[:, None], b[:, None])
    assert apart == pytest.approx(stats.wasserstein_distance(a, b))


def test_ranges_and_categories():
    real = np.array([0.0, 1.0, 2.0])
    assert marginal.range_coverage(real, np.array([0.5, 1.5])) == pytest.approx(0.5)
    assert marginal.boundary_adherence(real, np.array([-1.0, 1.0])) == pytest.approx(0.5)
    assert marginal.category_coverage(np.array([0.0, 1.0]), np.array([1.0])) == pytest.approx(0.5)
    assert math.isnan(marginal.range_coverage(np.ones(3), real))


def test_pairs_that_turn_around_have_no_similarity():
    rows = np.repeat(np.arange(50.0)[:, None], 2, axis=1)
    assert marginal.correlation_similarity(rows, rows) == pytest.approx(1.0)
    assert marginal.correlation_similarity(rows, rows * [1, -1]) == pytest.approx(0.0)
    flags = np.array([[0.0, 0.0], [1.0, 1.0]])
    assert marginal.contingency_similarity(flags, flags[:, ::-1]) == pytest.approx(1.0)
    assert marginal.contingency_similarity(flags, 1.0 - flags * [0, 1] + flags * [0, 0]) == pytest.approx(0.5)


def test_neighbours_of_one_distribution_and_of_two():
    real, alike, far = normal(1), normal(2), normal(3, 8.0)
    density, coverage = neighbours.density_coverage(real, alike)
    assert 0.8 < density < 1.2
    assert coverage > 0.9
    assert neighbours.density_coverage(real, far) == (0.0, 0.0)
    precision, recall = neighbours.precision_recall(real, alike)
    assert min(precision, recall) > 0.5
    assert max(neighbours.precision_recall(real, far)) < 0.1


def test_copies_are_not_authentic():
    real = normal(1)
    assert neighbours.authenticity(real, real) == 0.0
    assert neighbours.authenticity(real, normal(2)) == pytest.approx(0.5, abs=0.15)
    assert neighbours.closest_record(real, real) == 0.0
    assert neighbours.new_rows(real, real) == 0.0
    assert neighbours.new_rows(real, normal(2)) == 1.0


def test_distances_vanish_for_one_distribution():
    real, alike, far = normal(1), normal(2), normal(3, 1.0)
    assert abs(distance.mmd(real, alike)) < 0.01 < distance.mmd(real, far)
    assert distance.sliced_wasserstein(real, alike) < 0.2 < distance.sliced_wasserstein(real, far)
    assert distance.sliced_wasserstein(real, real) == 0.0


def test_order_is_seen_by_what_follows_what():
    walk = np.cumsum(normal(1), axis=0)
    shuffled = walk[np.random.default_rng(2).permutation(N)]
    assert distance.autocorrelation_error(walk, walk) == 0.0
    assert distance.autocorrelation_error(walk, shuffled) > 0.5
    assert distance.transition_error(walk, walk) == 0.0
    assert distance.transition_error(walk, shuffled) > 0.2
    assert math.isnan(distance.autocorrelation_error(walk[:4], walk[:4]))


def test_a_linear_judge_guesses_where_there_is_nothing_to_tell():
    same, far = adversary.two_sample(normal(1), normal(2)), adversary.two_sample(normal(1), normal(3, 3.0))
    assert same.auc == pytest.approx(0.5, abs=2 / math.sqrt(N))
    assert far.auc > 0.99
    assert far.propensity > 0.2 > same.propensity
    assert adversary.area(np.array([1.0, 2.0]), np.array([1.0, 0.0])) == pytest.approx(0.875)


def test_a_recurrent_judge_tells_series_by_what_follows_what():
    draws = np.random.default_rng(1).normal(size=(3, 120, 8, 8))
    held = np.repeat(draws[0][:, :1], 8, axis=1) + 2.0
    same = adversary.discriminative(draws[1], draws[2], steps=30)
    apart = adversary.discriminative(draws[1], held, steps=120)
    assert same.score <= 2 / math.sqrt(48) + 0.05
    assert apart.score > 0.2
    assert apart.accuracy.low < apart.accuracy.value < apart.accuracy.high
    assert apart == adversary.discriminative(draws[1], held, steps=120)


def test_a_forecaster_learns_what_is_there():
    draws = np.random.default_rng(1).normal(size=(150, 8, 8))
    draws[:, 1:, -1] = draws[:, :-1, :4].sum(axis=2)
    other = np.random.default_rng(2).normal(size=(150, 8, 8))
    assert adversary.predictive(draws, draws, steps=300) < 0.9 * adversary.predictive(other, draws, steps=300)


def test_equal_numbers_are_compared():
    a, b = equal(normal(1), normal(2, n=50), 500)
    assert len(a) == len(b) == 50
    with pytest.raises(UsageError, match="too few"):
        equal(normal(1), normal(2, n=5), 500)
    centred, other = standard(normal(1, 5.0), normal(2))
    assert_allclose(centred.mean(axis=0), 0.0, atol=1e-9)
    assert other.mean() == pytest.approx(-5.0, abs=0.5)
