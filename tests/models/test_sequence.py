from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from memento.models.base import Batch
from memento.models.cells import CATALOG as CELLS
from memento.models.sequence import Sequence
from memento.render.rendering import Rendering
from memento.train import train
from memento.train.batches import Resident
from memento.validate import evaluate

Toys = Callable[..., Rendering]


def prepared(resident: Resident, **config: object) -> Sequence:
    """A model that was prepared, all of whose weights say something."""
    torch.manual_seed(0)
    model = Sequence(**config)  # type: ignore[arg-type]
    model.prepare(resident, torch.arange(len(resident)))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return model.eval()


def test_size_is_near_a_hundred_thousand() -> None:
    assert 80_000 < Sequence().size < 120_000


@pytest.mark.parametrize("cell", list(CELLS))
def test_one_session_at_a_time_gives_what_all_at_once_give(cell: str, toys: Toys) -> None:
    resident = Resident([toys(sessions=30, candidates=(2, 9))])
    model = prepared(resident, cell=cell)
    whole = resident.score(model)
    past = model.start()
    for session in range(len(resident)):
        batch = resident.batch(np.array([session]))
        assert batch.rows is not None
        memory = resident.memories[batch.rows[0]]
        logits = model.step(batch, past, memory)[0]
        expected = torch.from_numpy(whole[resident.ends[session] : resident.ends[session + 1]])
        torch.testing.assert_close(logits, expected, atol=1e-5, rtol=1e-5)
        model.learn(batch, past, memory)


def test_streams_know_nothing_of_each_other(toys: Toys) -> None:
    one, two = toys(sessions=20, seed=1), toys(sessions=15, seed=2)
    both = Resident([one, two])
    model = prepared(both)
    apart = np.concatenate([Resident([one]).score(model), Resident([two]).score(model)])
    np.testing.assert_allclose(both.score(model), apart, atol=1e-5)


def test_a_session_is_scored_before_its_labels_are_known(toys: Toys) -> None:
    rendering = toys(sessions=20)
    last = rendering.offsets[-2]
    labels = rendering.labels.copy()
    labels[last:] = labels[last:][::-1]
    model = prepared(Resident([rendering]))
    before = Resident([rendering]).score(model)
    np.testing.assert_array_equal(before, Resident([toys(sessions=20, labels=labels)]).score(model))
    labels[: rendering.offsets[5]] += 0.5 * np.arange(rendering.offsets[5]) % 1
    after = Resident([toys(sessions=20, labels=labels)]).score(model)
    assert np.abs(after[last:] - before[last:]).max() > 1e-4


def test_a_window_carries_what_running_through_carries(toys: Toys) -> None:
    resident = Resident([toys(sessions=12)])
    model = prepared(resident)
    states = model.states(resident)
    window = resident.batch(np.arange(12), window=12)
    torch.testing.assert_close(model._carried(window), states, atol=1e-5, rtol=1e-5)
    assert not model._carried(replace(window, window=1)).any()


def test_without_any_past_it_still_scores(batches: Callable[..., Batch]) -> None:
    batch = batches()
    torch.manual_seed(1)
    model = Sequence().eval()
    scores = model.score(replace(batch, labels=None))
    assert scores[batch.mask].isfinite().all()


def test_what_only_a_past_can_tell_is_learned(toys: Toys) -> None:
    """Every memory has an hour of its own: no column and no embedding says which."""
    draw = np.random.default_rng(5)
    plain = toys(sessions=260, candidates=10, memories=30, seed=5)
    blind = {"memory_embeddings": np.zeros_like(plain.memory_embeddings), "contexts": np.zeros_like(plain.contexts)}
    features = plain.features.copy()
    features[:, 12:14] = 0
    morning = features[:, 3] > 0
    liked = (draw.random(30) < 0.5)[plain.memory_rows] == morning
    labels = (0.2 + 0.6 * liked + 0.02 * draw.normal(size=len(liked))).astype(np.float32)
    hidden = toys(
        sessions=260, candidates=10, memories=30, seed=5, features=features, labels=labels, clean=labels, **blind
    )
    shares = {}
    for name in ("interaction", "sequence"):
        report = evaluate(train([(hidden, 1.0)], model=name, epochs=4, seed=1), hidden, resamples=10)
        shares[name] = report.share.value if report.share else 0.0
    assert shares["sequence"] > 0.95
    assert shares["sequence"] > shares["interaction"] + 0.1


def test_what_was_superseded_once_stays_so(toys: Toys) -> None:
    """A session that withholds the flag scores as one that shows it, once an earlier session showed it."""
    plain = toys(sessions=20, candidates=8, memories=8)
    last = int(plain.offsets[-2])
    memory = int(plain.memory_rows[last])
    flags = np.zeros((3, len(plain.features)), np.float32)
    earlier = np.flatnonzero(plain.memory_rows[:last] == memory)
    flags[0, earlier[-1]] = 1  # shown once, then withheld
    flags[1, earlier[-1]] = 1
    flags[1, last:][plain.memory_rows[last:] == memory] = 1  # shown again
    changed = [np.concatenate([plain.features[:, :11], f[:, None], plain.features[:, 12:]], 1) for f in flags]
    withheld, shown, never = (toys(sessions=20, candidates=8, memories=8, features=f) for f in changed)
    model = prepared(Resident([shown]))
    scores = [Resident([rendering]).score(model)[last:] for rendering in (withheld, shown, never)]
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-6)
    assert np.abs(scores[0] - scores[2]).max() > 1e-4


@pytest.mark.parametrize("cell", list(CELLS))
def test_a_question_is_scored_as_the_next_session_would_be(cell: str, toys: Toys) -> None:
    past, asked = toys(sessions=12, seed=1), toys(sessions=4, seed=2)
    model = prepared(Resident([past]), cell=cell)
    resident = Resident([past, asked], apart=True)
    together = resident.score(model)
    for session in resident.apart:
        one = asked.select([session - len(past)])
        stream = model.start()
        whole = Resident([past, one])
        for place in range(len(whole)):
            batch = whole.batch(np.array([place]))
            assert batch.rows is not None
            logits = model.step(batch, stream, whole.memories[batch.rows[0]])[0]
            model.learn(batch, stream, whole.memories[batch.rows[0]])
        expected = together[resident.ends[session] : resident.ends[session + 1]]
        np.testing.assert_allclose(logits.numpy(), expected, atol=1e-5)


def test_sessions_apart_have_no_past(toys: Toys) -> None:
    rendering = toys(sessions=8)
    model = prepared(Resident([rendering]))
    together, apart = Resident([rendering]).score(model), Resident([rendering], apart=True).score(model)
    first = rendering.offsets[1]
    np.testing.assert_allclose(together[:first], apart[:first], atol=1e-5)
    for session in (3, 7):
        rows = slice(rendering.offsets[session], rendering.offsets[session + 1])
        alone = Resident([rendering.select(np.array([session]))]).score(model)
        np.testing.assert_allclose(apart[rows], alone, atol=1e-5)
        assert np.abs(together[rows] - alone).max() > 1e-4
