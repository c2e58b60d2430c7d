from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from memento.cli.recipe import PARTS
from memento.errors import InvalidFile, NotFound, UsageError
from memento.render.rendering import Rendering
from memento.train import Config, checkpoint, train
from memento.train.batches import Resident, Windows
from memento.train.mixture import Mixture
from memento.train.parts import KINDS, read, written
from memento.train.recipe import Lessons, Recipe
from memento.train.trainer import build

Toys = Callable[..., Rendering]
ALL = {
    "curriculum": "candidates:low=2:high=9:step=1,features,snr,length:low=4:high=20",
    "augment": "slide-window:size=6,subset-split,mask",
    "negatives": "fenrec:warmup=1",
    "contrast": "cl4srec",
}


def lessons(rendering: Rendering, seed: int = 0, **options: str) -> Lessons:
    config = Config.of("interaction", {"seed": seed, "epochs": 6, **options})
    resident = Resident([rendering])
    fit = [np.arange(len(rendering))]
    windows = Windows(fit, 1)
    mixture, model = Mixture(windows.starts, [1.0], config.seed), build("interaction", resident.contexts.shape[1])
    feed = Recipe.of(config).feed(resident, windows, mixture, fit, config, model)
    assert isinstance(feed, Lessons)
    return feed


@pytest.fixture(scope="module")
def small(toys: Toys) -> Rendering:
    return toys(sessions=40, candidates=(2, 14))


def test_options_of_the_command_are_those_of_training() -> None:
    assert tuple(KINDS) == PARTS


def test_parts_are_written_out_with_every_parameter() -> None:
    for kind, text in ALL.items():
        assert written(kind, written(kind, text)) == written(kind, text)
    assert "share=0.5" in Config(augment="crop").augment
    assert read("augment", "") == ()


def test_a_plain_training_is_recorded_as_ever() -> None:
    assert not set(Config().to_map()) & set(KINDS)
    assert Config(**Config(mix="wrap:real=1").to_map()) == Config(mix="wrap:real=1")


def test_a_recipe_is_trained_the_same_again_and_kept(small: Rendering, tmp_path: Path) -> None:
    one, two = (train([(small, 1.0)], epochs=3, seed=2, **ALL) for _ in range(2))
    for name, value in one.scorer.state_dict().items():
        assert torch.equal(value, two.scorer.state_dict()[name])
    checkpoint.save(one, tmp_path / "model")
    assert checkpoint.load(tmp_path / "model").config == one.config
    plain = train([(small, 1.0)], epochs=3, seed=2)
    assert any(not torch.equal(v, plain.scorer.state_dict()[n]) for n, v in one.scorer.state_dict().items())


def test_a_lesson_is_a_function_of_seed_epoch_and_step(small: Rendering) -> None:
    one, two = lessons(small, **ALL), lessons(small, **ALL)
    for number in (4, 0, 2):
        steps = one.steps(number)
        assert [part.tolist() for part in steps] == [part.tolist() for part in two.steps(number)]
        last = len(steps) - 1
        left, right = (feed.batch(steps[last], number, last) for feed in (one, two))
        assert torch.equal(left.features, right.features)
    assert not np.array_equal(one.steps(0)[0], lessons(small, 1, **ALL).steps(0)[0])


def test_difficulties_rise_with_the_steps_of_the_whole_run(small: Rendering) -> None:
    feed = lessons(small, curriculum="candidates:low=2:high=9:step=1:share=0.5")
    assert feed.per_epoch == 3
    assert [feed.difficulty("candidates", number) for number in range(6)] == [2, 4, 6, 9, 9, 9]
    widths = [feed.batch(feed.steps(number)[0], number, 0).mask.sum(-1).max().item() for number in range(6)]
    assert widths[0] == 2
    assert max(widths[3:]) > 9


def test_the_first_sessions_come_first_and_epochs_are_as_long_as_ever(small: Rendering) -> None:
    feed = lessons(small, curriculum="length:low=10:high=40:step=10:share=1.0")
    assert [len(np.concatenate(feed.steps(number))) for number in range(6)] == [40] * 6
    assert np.concatenate(feed.steps(0)).max() == 9


def test_the_noise_of_the_labels_is_measured(toys: Toys) -> None:
    feed = lessons(toys(sessions=60, noise=0.05), curriculum="snr")
    spread = toys(sessions=60, noise=0.05).clean
    assert spread is not None
    expected = 20 * np.log10(np.std(spread.reshape(60, -1) - spread.reshape(60, -1).mean(1, keepdims=True)) / 0.05)
    assert feed.snr == pytest.approx(expected, abs=1.0)


def test_hard_negatives_begin_after_the_warm_up(small: Rendering) -> None:
    feed = lessons(small, negatives="fenrec:warmup=2:count=1")
    before, after = (feed.batch(np.arange(8), number, 0) for number in (1, 2))
    assert after.mask.shape[1] == before.mask.shape[1] + 2


def test_real_and_synthetic_sources_are_mixed(toys: Toys) -> None:
    sources = [(toys(sessions=30, seed=1), 1.0), (toys(sessions=10, seed=2), 1.0)]
    mixed = train(sources, "linear", epochs=2, mix="wrap:real=2")
    assert mixed.config.mix == "wrap:real=2"
    with pytest.raises(UsageError, match="none is real"):
        train(sources, "linear", epochs=1, mix="wrap")


@pytest.mark.parametrize(("kind", "text", "error"), [
    ("augment", "crop,crop", InvalidFile), ("mix", "wrap,phi", InvalidFile), ("augment", "crop:ratio=2", InvalidFile),
    ("augment", "crop:ratio", UsageError), ("contrast", "softctl", NotFound), ("negatives", "fenrec:a=3", InvalidFile),
])  # fmt: skip
def test_faulty_parts_are_refused(kind: str, text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        Config(**{kind: text})
    with pytest.raises(InvalidFile, match="not a text"):
        Config(augment=3)  # type: ignore[arg-type]
