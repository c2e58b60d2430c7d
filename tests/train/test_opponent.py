"""Self-play: the loss as SPIN has it, its rounds, and a training that goes on from the middle of one."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from memento.errors import InvalidFile
from memento.models.base import Batch
from memento.render.rendering import Rendering
from memento.train import Config, Epoch, checkpoint, train
from memento.train.lesson import lesson_of
from memento.train.opponent import Play, Spin, chosen, spin_loss
from memento.train.trainer import Material, fresh

Toys = Callable[..., Rendering]


@pytest.fixture(scope="module")
def small(toys: Toys) -> Rendering:
    return toys(sessions=50, candidates=(2, 9))


def scores(seed: int, sessions: int = 3, candidates: int = 5) -> torch.Tensor:
    return torch.randn(sessions, candidates, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_loss_is_that_of_log_probability_ratios_over_all_pairs_of_answers() -> None:
    now, before = scores(0), scores(1)
    real, generated = torch.softmax(scores(2), -1), torch.softmax(before, -1)
    p, p_k = torch.log_softmax(now, -1), torch.log_softmax(before, -1)
    expected = 0.0
    for session in range(3):
        for y in range(5):
            for other in range(5):
                gap = (p - p_k)[session, y] - (p - p_k)[session, other]
                loss = math.log1p(math.exp(-0.3 * float(gap)))
                expected += float(real[session, y] * generated[session, other]) * loss / 3
    assert spin_loss(now, before, real, generated, 0.3).item() == pytest.approx(expected)


def test_a_scorer_that_is_its_opponent_cannot_tell_and_is_moved_towards_what_is_real() -> None:
    before = scores(1)
    now = before.clone().requires_grad_()
    real = torch.softmax(scores(2), -1)
    loss = spin_loss(now, before, real, torch.softmax(before, -1), 0.1)
    assert loss.item() == pytest.approx(math.log(2))
    loss.backward()  # type: ignore[no-untyped-call]
    assert now.grad is not None
    assert torch.allclose(now.grad, 0.05 * (torch.softmax(before, -1) - real) / 3)


@pytest.mark.parametrize("beta", [0.1, 1.0])
def test_it_is_least_where_the_log_ratio_tells_real_from_generated(beta: float) -> None:
    before = scores(1)
    real, generated = torch.softmax(scores(2), -1), torch.softmax(before, -1)
    best = (before + (real.log() - generated.log()) / beta).requires_grad_()
    spin_loss(best, before, real, generated, beta).backward()  # type: ignore[no-untyped-call]
    assert best.grad is not None
    assert best.grad.abs().max() < 1e-12
    if beta == 1.0:
        assert torch.allclose(torch.softmax(best, -1), real)


def test_padding_and_what_does_not_count_is_no_answer() -> None:
    now, before = scores(0), scores(1)
    counts = torch.ones(3, 5, dtype=torch.float64)
    counts[:, 3:] = 0.0
    whole = spin_loss(now, before, chosen(scores(2), counts), chosen(before, counts), 0.5)
    cut = [table[:, :3] for table in (now, before, scores(2))]
    ones = torch.ones(3, 3, dtype=torch.float64)
    assert whole.item() == pytest.approx(
        spin_loss(cut[0], cut[1], chosen(cut[2], ones), chosen(cut[1], ones), 0.5).item()
    )
    now[:, 3:], before[:, 3:] = torch.inf, -torch.inf
    assert torch.isfinite(spin_loss(now, before, chosen(scores(2), counts), chosen(before, counts), 0.5))
    twice = chosen(torch.zeros(1, 2), torch.tensor([[0.5, 1.0]]))
    assert twice[0].tolist() == pytest.approx([1 / 3, 2 / 3])


def test_rounds_are_even_parts_and_the_first_is_plain_training(small: Rendering) -> None:
    assert [Spin(rounds=3).round(number, 7) for number in range(7)] == [0, 0, 0, 1, 1, 2, 2]
    assert [Spin(rounds=4).round(number, 2) for number in range(2)] == [0, 2]
    plain = train([(small, 1.0)], epochs=4)
    played = train([(small, 1.0)], epochs=4, opponent="spin:rounds=2")
    assert played.history[:2] == plain.history[:2]
    assert played.history[2] != plain.history[2]
    assert played.config.opponent == "spin:rounds=2:beta=0.1"


def test_the_opponent_is_the_scorer_of_the_round_before_and_the_one_before_it(small: Rendering) -> None:
    loop = Material([(small, 1.0)], 0.7, 0.1).loop(Config.of("linear", {"epochs": 6, "opponent": "spin:rounds=3"}))
    assert loop.play is not None
    after = []
    for _ in range(6):
        loop.epoch()
        after.append(loop.scorer.state_dict()["weight"].clone())
    last, before = (opponent.state_dict()["weight"] for opponent in loop.play.opponents)
    assert torch.equal(last, after[3])
    assert torch.equal(before, after[1])


def test_answers_of_the_opponent_are_those_of_the_last_two(small: Rendering) -> None:
    resident = Material([(small, 1.0)], 0.7, 0.1).resident
    batch = lesson_of(resident.batch(np.arange(6)))
    one, two = (fresh(Config.of("acan", {"seed": seed}), 64) for seed in (1, 2))
    play = Play(Spin(rounds=3), one, 6)
    play.begin(one, 2)
    play.begin(two, 4)
    answers = play.answers(batch)
    assert torch.equal(answers[0], two.score(batch))
    assert torch.equal(answers[1], one.score(batch))
    assert batch.labels is not None
    logits = one(batch)
    mean = (chosen(answers[0], batch.counts) + chosen(answers[1], batch.counts)) / 2
    expected = spin_loss(logits, answers[0], chosen(batch.labels / 0.5, batch.counts), mean, 0.1)
    assert torch.equal(play.loss(logits, answers, batch, 0.5), expected)


@pytest.mark.parametrize("model", ["interaction", "sequence", "linear"])
@pytest.mark.parametrize("after", [2, 3])
def test_a_training_goes_on_from_a_round_to_the_same_bytes(
    small: Rendering, tmp_path: Path, model: str, after: int
) -> None:
    def stop(epoch: Epoch, total: int) -> None:
        if epoch.number + 1 == after:
            raise KeyboardInterrupt

    options = {"epochs": 5, "patience": 5, "opponent": "spin:rounds=2", "augment": "insert"}
    whole = train([(small, 1.0)], model, **options)  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        train([(small, 1.0)], model, state=tmp_path / "state", progress=stop, **options)  # type: ignore[arg-type]
    told: list[int] = []
    resumed = train(
        [(small, 1.0)], model, state=tmp_path / "state", progress=lambda epoch, _: told.append(epoch.number),
        **options,  # type: ignore[arg-type]
    )  # fmt: skip
    assert told[0] == after
    assert checkpoint.digest(resumed) == checkpoint.digest(whole)


def test_every_model_with_a_gradient_can_play_under_every_loss(small: Rendering) -> None:
    for model in ("acan", "mlp", "retrieval"):
        run = train([(small, 1.0)], model, epochs=2, opponent="spin:rounds=2", loss="soft")
        assert all(math.isfinite(epoch.loss) for epoch in run.history)


def test_faulty_rounds_are_refused() -> None:
    with pytest.raises(InvalidFile, match="rounds"):
        Config(opponent="spin:rounds=1")
    with pytest.raises(InvalidFile, match="no use for opponent"):
        Config.of("lambdamart", {"opponent": "spin"})


def test_a_batch_is_scored_as_it_is_shown(small: Rendering) -> None:
    """Opponents see a batch as it is: no dropout, and no gradient reaches them."""
    scorer = fresh(Config.of("interaction", {}), 64)
    play = Play(Spin(), scorer, 4)
    batch: Batch = Material([(small, 1.0)], 0.7, 0.1).resident.batch(np.arange(4))
    first, again = play.answers(batch)[0], play.answers(batch)[0]
    assert torch.equal(first, again)
    assert not first.requires_grad
