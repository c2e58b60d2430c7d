from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from memento.errors import UsageError
from memento.models.linear import Linear
from memento.models.oracle import Oracle
from memento.render.rendering import Rendering, Spec, render
from memento.train import train
from memento.train.run import Run
from memento.validate import snr
from memento.validate.canary import at_noise
from memento.validate.curves import Curve, crossing
from memento.validate.retrain import retrained
from memento.validate.snr import Sweep
from memento.validate.snr_page import page, threshold_words
from memento.world.world import World

Worlds = Callable[..., World]


@pytest.fixture(scope="module")
def swept(worlds: Worlds) -> Sweep:
    world = worlds(sessions=90)
    run = train([(render(world), 1.0)], model="linear", epochs=3)
    return snr.sweep(
        lambda level, seed: retrained(run, lambda commit: world, level, seed=seed),
        lambda level: render(at_noise(world, level)),
        levels=(-10.0, 20.0, 0.0),
        seeds=(3,),
        resamples=200,
    )


class KnowsTheRule(Linear):
    """The rule itself, as a model."""

    def score(self, batch):  # type: ignore[no-untyped-def]
        return Oracle().score(batch)


def knowing(rendering: Rendering) -> Run:
    return replace(train([(rendering, 1.0)], model="linear", epochs=1), scorer=KnowsTheRule())


def test_levels_fall_from_clean_to_the_worst(swept: Sweep) -> None:
    assert [level.snr_db for level in swept.levels] == [None, 20.0, 0.0, -10.0]
    assert swept.seeds == 1
    assert swept.sessions == 18
    observed = [level.observed.value for level in swept.levels]
    top = [level.ceiling.value for level in swept.levels]
    assert top == sorted(top, reverse=True)
    assert top[0] == pytest.approx(1.0)
    assert observed[0] > observed[-1]
    clean = swept.levels[0]
    assert clean.observed == clean.true
    for level in swept.levels:
        assert level.chance.value < level.true.value
        assert level.share.value == pytest.approx(level.observed.value / level.ceiling.value)
        assert level.share.low <= level.share.value <= level.share.high
        assert level.true.n == 18


def test_the_rule_falls_only_where_labels_are_noisy(worlds: Worlds) -> None:
    world = worlds()
    found = snr.sweep(
        lambda level, seed: knowing(render(at_noise(world, level))),
        lambda level: render(at_noise(world, level)),
        levels=(20.0, -20.0),
        resamples=200,
    )
    assert [level.true.value for level in found.levels] == pytest.approx([1.0, 1.0, 1.0])
    assert [level.share.value for level in found.levels] == pytest.approx([1.0, 1.0, 1.0])
    assert found.thresholds["true"].value is None
    at = found.thresholds["ceiling"]
    assert at.value is not None
    assert -20.0 < at.value < 20.0
    assert found.thresholds["observed"] == at
    assert found.curve is None  # two levels are too few for a curve
    assert "against true labels nowhere" in threshold_words(found)


def test_where_a_curve_crosses() -> None:
    assert crossing([30, 20, 10, 0], [1.0, 0.9, 0.7, 0.5], 0.8) == pytest.approx(15.0)
    assert crossing([0, 30, 10, 20], [0.5, 1.0, 0.7, 0.9], 0.8) == pytest.approx(15.0)
    assert crossing([30, 20], [0.7, 0.9], 0.8) == 30
    assert crossing([30, 20], [1.0, 0.9], 0.8) is None
    assert crossing([30, 20, 10, 0], [1.0, 0.5, 0.9, 0.1], 0.8) == pytest.approx(26.0)  # the first time counts
    assert crossing([30, 20], [math.nan, math.nan], 0.8) is None


def test_the_curve_is_a_plateau_less_an_exponential_of_the_ratio(worlds: Worlds) -> None:
    planted = Curve(0.95, (0.5,), (0.8,), 0.0)
    levels = [20.0, 10.0, 0.0, -10.0]
    tables = [{"true": np.array([float(planted.at(snr.ratio(level)))])} for level in levels]
    fitted = snr._fit(levels, tables)
    assert fitted is not None
    assert fitted.plateau == pytest.approx(0.95, abs=0.005)
    assert fitted.rates[0] == pytest.approx(0.8, rel=0.05)
    assert snr.ratio(20.0) == pytest.approx(10.0)


def test_what_cannot_be_swept(worlds: Worlds) -> None:
    world = worlds()
    run = train([(render(world), 1.0)], model="linear", epochs=1, fit=0.9, validation=0.1)
    with pytest.raises(UsageError, match="trained on all sessions"):
        snr.sweep(lambda level, seed: run, lambda level: render(at_noise(world, level)), (0.0,))
    observed = replace(render(world), clean=None, spec=Spec(labels="observed"))
    with pytest.raises(UsageError, match="plants no patterns"):
        snr.sweep(lambda level, seed: run, lambda level: observed, (0.0,))


def test_plain_json_and_a_page_of_the_same_bytes(swept: Sweep) -> None:
    plain = json.loads(json.dumps(swept.to_json(), allow_nan=False))
    assert plain["schema"] == "memento.snr/1"
    assert plain["levels"][0]["snr_db"] is None
    assert set(plain["thresholds"]) == {"true", "observed", "ceiling"}
    assert plain["curve"]["plateau"] > 0
    made = page(swept, "main <&>", "1.0")
    assert made == page(swept, "main <&>", "1.0")
    assert "main &lt;&amp;&gt;" in made
    assert "-10 dB" in made
    assert "<svg" in made
