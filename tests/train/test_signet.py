"""Signet's own training, written out by hand, against the reference."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from memento.models.base import Batch
from memento.train.signet import Replica, double

from .signet_reference import Trainer, drawn, logits, sample_of


@pytest.fixture(scope="module")
def fresh() -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in double(16).state_dict().items()}


@pytest.mark.parametrize("texts", [False, True])
def test_logits_equal_the_reference_s(fresh: dict[str, np.ndarray], texts: bool) -> None:
    replica, reference = Replica(double(16)), Trainer(fresh)
    for seed in range(6):
        session = drawn(seed, texts=texts)
        expected = logits(reference.weights, session).detach().numpy()
        np.testing.assert_allclose(replica.logits(sample_of(session)), expected, atol=1e-12)
        assert replica.scores(sample_of(session)).sum() == pytest.approx(1.0)


@pytest.mark.parametrize("texts", [False, True])
def test_losses_and_weights_stay_equal_step_after_step(fresh: dict[str, np.ndarray], texts: bool) -> None:
    """Once a word was met its row goes on moving, in sessions without a text too."""
    replica, reference = Replica(double(16)), Trainer(fresh)
    for step in range(12):
        session = drawn(step, texts=texts and step % 3 != 2)
        assert replica.step(sample_of(session)) == pytest.approx(reference.step(session), abs=1e-11)
    for name, value in replica.arrays().items():
        np.testing.assert_allclose(value, reference.weights[name].detach().numpy(), atol=1e-9, err_msg=name)
    assert replica.steps == 12


def test_epochs_give_the_last_mean_loss(fresh: dict[str, np.ndarray]) -> None:
    sessions = [drawn(seed) for seed in range(5)]
    stats = Replica(double(16)).train([sample_of(s) for s in sessions], epochs=3)
    assert stats.loss == pytest.approx(Trainer(fresh).epochs(sessions, 3), abs=1e-11)
    assert stats.steps == 15


def test_training_ends_where_there_is_nothing_to_learn() -> None:
    alone = dataclasses.replace(sample_of(drawn(0, candidates=1)), labels=np.array([0.4]))
    stats = Replica(double(16)).train([alone], epochs=50)
    assert stats.steps == 1
    assert stats.loss < 1e-6


def test_a_loss_that_is_not_finite_steps_nothing() -> None:
    replica = Replica(double(16))
    before = replica.vector.copy()
    broken = sample_of(drawn(0))
    broken.rows[0, 0] = np.nan
    with np.errstate(invalid="ignore"):
        stats = replica.train([broken], epochs=2)
    assert stats.steps == 0
    assert np.array_equal(replica.vector, before)


def test_the_torch_model_of_a_replica_scores_alike() -> None:
    replica = Replica(double(16))
    session = sample_of(drawn(3))
    replica.step(session)
    batch = Batch(
        features=torch.from_numpy(session.features)[None].float(),
        mask=torch.ones(1, len(session), dtype=torch.bool),
        contexts=torch.from_numpy(session.rows[-1:]),
        candidates=torch.from_numpy(session.rows[:-1])[None],
        projects=torch.tensor([session.project]),
    )
    made = replica.model().score(batch)[0]
    assert made.dtype == torch.float64
    np.testing.assert_allclose(made.numpy(), replica.logits(session), atol=1e-6)


def test_float32_is_the_same_but_for_rounding() -> None:
    sessions = [sample_of(drawn(seed, texts=True)) for seed in range(5)]
    short = [
        dataclasses.replace(
            s,
            rows=s.rows.astype(np.float32),
            features=s.features.astype(np.float32),
            labels=s.labels.astype(np.float32),
        )
        for s in sessions
    ]
    exact, quick = Replica(double(16)), Replica(double(16), np.float32)
    assert quick.train(short, 2).loss == pytest.approx(exact.train(sessions, 2).loss, abs=1e-4)
    assert quick.vector.dtype == np.float32
    assert quick.hash.dtype == np.float32
