"""Each mechanism against numbers worked out by hand from Signet's source."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from memento.deploy import alpha, comparison, diversity, exploration, fusion, injection
from memento.deploy.alpha import State
from memento.serve.gate import Gate, retrain
from memento.serve.scorers import Served
from memento.train.signet import Sample, Stats


def test_ranks_count_from_one_and_equals_stay_in_order() -> None:
    assert fusion.ranks([0.2, 0.9, 0.2, 0.5]).tolist() == [3, 1, 4, 2]


def test_fusion_is_by_rank_and_what_one_does_not_rank_comes_after_all() -> None:
    baseline, predicted = np.array([1, 2, 0]), np.array([3, 1, 2])
    fused = fusion.fuse(baseline, predicted, 0.8)
    assert fused == pytest.approx([0.8 / 13 + 0.2 / 15, 0.8 / 14 + 0.2 / 13, 0.8 / 16 + 0.2 / 14])
    assert fusion.fuse(baseline, None, 0.3) == pytest.approx([1 / 13, 1 / 14, 1 / 16])
    assert np.argsort(-fusion.fuse(np.array([1, 2, 3]), np.array([3, 2, 1]), 1.0)).tolist() == [0, 1, 2]
    assert np.argsort(-fusion.fuse(np.array([1, 2, 3]), np.array([3, 2, 1]), 0.0)).tolist() == [2, 1, 0]


def test_what_is_alike_counts_less_the_more_of_it_stands_above() -> None:
    same, other, none = [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]
    embeddings = np.array([same, same, other, same, none, none], np.float32)
    adjusted = diversity.diversify(np.full(6, 2.0), embeddings)
    assert adjusted == pytest.approx([2.0, 1.1, 2.0, 0.65, 2.0, 2.0])
    fused = np.array([1.0, 3.0])
    assert diversity.diversify(fused, embeddings[:2]) == pytest.approx([0.55, 3.0])  # the higher one stays
    edge = np.array([[1.0, 0.0], [0.8499, math.sqrt(1 - 0.8499**2)]], np.float32)
    assert diversity.diversify(np.ones(2), edge * 3.0)[1] == pytest.approx(1.0, abs=1e-6)  # not above .85
    assert diversity.redundancy(embeddings) == pytest.approx(3 / 15)
    assert diversity.redundancy(embeddings[:1]) == 0.0


def test_the_first_that_overflows_ends_it() -> None:
    assert injection.within_budget([2, 0, 1, 3], [900, 1200, 1000, 1]) == [2, 0]
    assert injection.within_budget([0], [2001]) == []
    assert injection.within_budget([0, 1], [2000, 0]) == [0, 1]


def test_exploration_swaps_the_greatest_disagreement_for_the_last() -> None:
    order, scores = [0, 1, 2, 3], np.array([4.0, 3.0, 2.0, 1.0])
    baseline, predicted = np.array([1, 2, 3, 4]), np.array([4, 3, 2, 1])
    assert exploration.explore(order, [0, 1], scores, baseline, predicted, 0.01) == (3, 1)
    assert exploration.explore(order, [0, 1], scores, baseline, predicted, 0.06) is None
    assert exploration.explore(order, [], scores, baseline, predicted, 0.0) is None
    assert exploration.explore(order, [0, 1], scores, baseline, baseline, 0.0) is None  # nothing to disagree about
    assert exploration.explore(order, order, scores, baseline, predicted, 0.0) is None


def test_alpha_follows_the_evidence_above_its_floors() -> None:
    assert [alpha.floor(n) for n in (0, 10, 11, 20, 21)] == [0.8, 0.8, 0.6, 0.6, 0.0]
    state = State()
    assert state.alpha == 1.0
    assert not state.started(True, 9).exited
    assert not state.started(False, 99).exited
    assert not replace(state, success_rate=0.4).started(True, 99).exited
    state = state.started(True, 10)
    assert (state.exited, state.after, state.alpha) == (True, 1, 0.8)
    for _ in range(20):
        state = state.compared(True, 0.6).started(True, 0)
    assert state.success_rate == pytest.approx(1 - 0.5 * 0.9**20)
    assert state.after == 21
    assert state.alpha == pytest.approx(0.5 * 0.9**20)
    assert state.compared(False, 0.59) == state
    lost = state.compared(False, 1.0)
    assert lost.success_rate == pytest.approx(0.9 * state.success_rate)
    assert state.reset().alpha == 0.5
    assert replace(state, success_rate=0.0).started(False, 0).exited  # once over, it stays over


def test_ndcg_knows_what_was_injected_alone() -> None:
    relevance = np.array([0.5, 1.0, 0.9, 0.0])
    ideal = 1.0 + 0.5 / math.log2(3)
    assert comparison.ndcg([0, 1, 2], relevance, [0, 1]) == pytest.approx((0.5 + 1 / math.log2(3)) / ideal)
    assert comparison.ndcg([1, 0, 2], relevance, [0, 1]) == pytest.approx(1.0)
    assert comparison.ndcg([2, 3], relevance, [0, 1]) == 0.0
    assert comparison.ndcg([0, 1], relevance, []) == 0.0
    assert comparison.ndcg([3], relevance, [3]) == 0.0
    many = np.linspace(1, 0, 30)
    assert comparison.ndcg(list(range(30)), many, range(30)) == pytest.approx(1.0)


def test_drift_needs_a_window_of_losses() -> None:
    assert not comparison.drifting([False] * 9)
    assert comparison.drifting([True] * 50 + [False] * 8 + [True] * 2)
    assert not comparison.drifting([False] * 7 + [True] * 3)


def test_the_effective_score_fades_by_a_twentieth_a_day() -> None:
    assert comparison.effective([0.6, 0.6, 0.1], [0.0, 2.0, 900.0], [False, False, True]) == pytest.approx(
        [0.6, 0.6 * 0.95**2, 1.0]
    )


class Scripted(Served):
    """A scorer whose order turns around once it was trained."""

    name, dimension, lenient = "scripted", 2, True

    def __init__(self, after: Sequence[float]) -> None:
        self.after = np.array(after)
        self.trained: list[str] = []

    def scores(self, sample: Sample) -> npt.NDArray[np.float64]:
        given = self.after if self.trained else np.arange(len(sample), 0, -1.0)
        return np.asarray(given / given.sum())

    def train(self, samples: Sequence[Sample], epochs: int, temperature: float) -> Stats:
        self.trained += [sample.session for sample in samples]
        return Stats(0.1, epochs * len(samples))

    def save(self, path: Path, flags: int) -> None:
        raise NotImplementedError

    def read_clock(self, features: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return features


def samples(count: int, candidates: int = 10) -> list[Sample]:
    rows, features = np.zeros((candidates + 1, 2)), np.zeros((candidates, 17))
    return [Sample(rows, features, np.zeros(candidates), session=f"s-{n}") for n in range(count)]


def test_the_gate_holds_the_ten_newest_out_and_asks_for_stable_first_fives() -> None:
    keeps = Scripted(np.arange(10, 0, -1.0))
    found = retrain(keeps, samples(14))
    assert found is not None
    assert keeps.trained == ["s-10", "s-11", "s-12", "s-13"]
    assert (found.canary, found.sessions, found.stability) == (10, 4, 1.0)
    assert found.holds
    turned = retrain(Scripted(np.arange(1, 11.0)), samples(14))
    assert turned is not None
    assert turned.stability == 0.0
    assert not turned.holds
    flat = retrain(Scripted(np.ones(10)), samples(3))
    assert flat is not None
    assert flat.variance == pytest.approx(0.0, abs=1e-30)
    assert flat.sessions == flat.canary == 3  # too few, so the canary is what was trained on
    assert retrain(keeps, []) is None
    assert not Gate(math.nan, 1, 1, 1, 0.1, 1.0).holds
    assert not Gate(0.1, 1, 1, 1, 0.0, 1.0).holds
    assert Gate(0.1, 1, 1, 1, 0.1, 0.6).holds
