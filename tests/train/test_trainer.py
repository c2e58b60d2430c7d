from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from memento import rng
from memento.errors import InvalidFile, UsageError
from memento.models.interaction import Interaction
from memento.models.random import Random
from memento.render.rendering import Rendering
from memento.train import Epoch, Run, losses, ranking, train
from memento.train.batches import scores
from memento.train.trainer import split

Toys = Callable[..., Rendering]


def later_ndcg(scorer: object, rendering: Rendering) -> float:
    test = rendering.split(0.8)[1]
    return float(np.nanmean(ranking.ndcg(scores(scorer, test), test.labels, test.offsets)))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def run(rendering: Rendering) -> Run:
    return train([(rendering, 1.0)], epochs=25)


def test_time_crossed_with_entity_is_learned_and_a_linear_model_cannot(run: Run, rendering: Rendering) -> None:
    ours, linear = later_ndcg(run.scorer, rendering), later_ndcg(run.baseline, rendering)
    assert ours > 0.93
    assert ours > linear + 0.1


def test_the_replica_of_signet_gains_nothing_from_the_hour(rendering: Rendering) -> None:
    replica = train([(rendering, 1.0)], model="signet", epochs=10)
    assert later_ndcg(replica.scorer, rendering) < 0.8


def test_the_same_seed_gives_the_same_weights_and_another_does_not(rendering: Rendering) -> None:
    part = rendering.select(np.arange(40))
    one, two = (train([(part, 1.0)], epochs=2, seed=5) for _ in range(2))
    other = train([(part, 1.0)], epochs=2, seed=6)
    for name, value in one.scorer.state_dict().items():
        assert torch.equal(value, two.scorer.state_dict()[name])
    assert not torch.equal(one.scorer.state_dict()["head.weight"], other.scorer.state_dict()["head.weight"])
    assert one.history == two.history


def test_training_leaves_the_global_generator_alone(rendering: Rendering) -> None:
    torch.manual_seed(9)
    expected = torch.rand(3)
    torch.manual_seed(9)
    train([(rendering.select(np.arange(20)), 1.0)], epochs=1)
    assert torch.equal(torch.rand(3), expected)


def test_the_last_fifth_is_neither_fitted_nor_chosen_on(rendering: Rendering) -> None:
    low = int(rendering.offsets[round(len(rendering) * 0.8)])
    labels, features = rendering.labels.copy(), rendering.features.copy()
    labels[low:] = 0.123
    features[low:] = 7.0
    spoiled = replace(rendering, labels=labels, features=features)
    one, two = (train([(r, 1.0)], epochs=2) for r in (rendering, spoiled))
    for name, value in one.scorer.state_dict().items():
        assert torch.equal(value, two.scorer.state_dict()[name])


def test_seen_names_the_sessions_fitted_or_chosen_on(run: Run, rendering: Rendering) -> None:
    used = rng.hashes(list(rendering.session_ids[:96]))
    assert run.seen.tolist() == sorted(used.tolist())


def test_no_session_fitted_on_one_branch_chooses_the_epoch_on_another(toys: Toys) -> None:
    long = toys(sessions=60)
    short = long.select(np.arange(40))
    labels = short.labels.copy()
    labels[short.offsets[28] : short.offsets[32]] = 0.0
    one, two = (train([(long, 1.0), (s, 1.0)], "linear", epochs=3) for s in (short, replace(short, labels=labels)))
    assert [epoch.ndcg for epoch in one.history] == [epoch.ndcg for epoch in two.history]


@pytest.mark.parametrize("loss", list(losses.CATALOG))
def test_every_loss_is_learned_from(loss: str, rendering: Rendering) -> None:
    made = train([(rendering, 1.0)], "linear", epochs=8, loss=loss)
    assert made.history[-1].loss < made.history[0].loss
    assert later_ndcg(made.scorer, rendering) > later_ndcg(Random(), rendering) + 0.1


def test_the_best_epoch_is_kept(run: Run) -> None:
    figures = [epoch.ndcg for epoch in run.history]
    assert figures[run.best] == max(figures)
    assert run.metrics["ndcg"] == max(figures)
    assert run.history[-1].loss < run.history[0].loss


def test_training_stops_when_patience_is_spent(rendering: Rendering) -> None:
    stopped = train([(rendering, 1.0)], model="linear", epochs=400, patience=3, rate=1e-8)
    assert len(stopped.history) == 4
    assert stopped.best == 0


def test_progress_is_told_after_every_epoch(rendering: Rendering) -> None:
    told: list[tuple[Epoch, int]] = []
    train([(rendering, 1.0)], model="linear", epochs=3, progress=lambda epoch, of: told.append((epoch, of)))
    assert [(epoch.number, of) for epoch, of in told] == [(0, 3), (1, 3), (2, 3)]


def test_no_epochs_leaves_the_first_weights(rendering: Rendering) -> None:
    untrained = train([(rendering, 1.0)], epochs=0)
    assert untrained.best == -1
    assert untrained.metrics == {"loss": None, "ndcg": None}
    assert isinstance(untrained.scorer, Interaction)


def test_sources_are_recorded_with_their_weight(toys: Toys) -> None:
    one, two = toys(sessions=20, seed=1), toys(sessions=30, seed=2)
    mixed = train([(one, 1.0), (two, 3.0)], model="linear", epochs=1, revisions=["main", "fork"])
    assert [(s.revision, s.commit, s.weight, s.digest, s.sessions) for s in mixed.sources] == [
        ("main", one.commit, 1.0, one.digest, 14),
        ("fork", two.commit, 3.0, two.digest, 21),
    ]


def test_ragged_sessions_are_trained_on(toys: Toys) -> None:
    ragged = toys(sessions=60, candidates=(1, 15))
    assert math.isfinite(train([(ragged, 1.0)], epochs=2).history[-1].loss)


def test_a_single_session_is_enough_to_run(toys: Toys) -> None:
    one = train([(toys(sessions=1), 1.0)], epochs=2)
    assert [math.isnan(epoch.ndcg) for epoch in one.history] == [True, True]
    assert one.best == 1


def test_nothing_to_train_on_is_refused(toys: Toys) -> None:
    with pytest.raises(UsageError, match="nothing to train on"):
        train([])
    with pytest.raises(UsageError, match="no session to train on"):
        train([(toys().select(np.zeros(0, np.int64)), 1.0)])
    with pytest.raises(InvalidFile, match="no option"):
        train([(toys(sessions=3), 1.0)], speed=2)


def test_divergence_is_told(rendering: Rendering) -> None:
    spoiled = replace(rendering, labels=np.full_like(rendering.labels, np.nan))
    with pytest.raises(UsageError, match="diverged"):
        train([(spoiled, 1.0)], epochs=2)


@pytest.mark.parametrize(("count", "expected"), [(100, (70, 80)), (1, (1, 1)), (2, (1, 2)), (10, (7, 8)), (0, (0, 0))])
def test_split_by_time(count: int, expected: tuple[int, int]) -> None:
    assert split(count, 0.7, 0.1) == expected
