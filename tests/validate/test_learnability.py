from __future__ import annotations

import json
import math
from collections.abc import Callable

import numpy as np
import pytest

from memento.patterns import CATALOG
from memento.patterns.facts import of
from memento.render.rendering import Rendering, Spec, render
from memento.validate.learnability import Learnability, best, divergence, expected, learnability, softmax, terms_of
from memento.world.world import World

Worlds = Callable[..., World]


@pytest.fixture(scope="module")
def noisy(worlds: Worlds) -> tuple[World, Rendering]:
    world = worlds(sessions=150, noise={"distribution": "gaussian", "snr_db": 5.0})
    return world, render(world)


def rule(rendering: Rendering) -> np.ndarray:
    assert rendering.clean is not None
    return rendering.clean.astype(np.float64)


def of_all(world: World, rendering: Rendering, scores: np.ndarray) -> Learnability:
    found = learnability(scores, rendering, terms_of(world, rendering), resamples=200)
    assert found is not None
    return found


def test_the_rule_is_next_to_the_least_risk_and_knows_every_pattern(noisy: tuple[World, Rendering]) -> None:
    world, rendering = noisy
    found = of_all(world, rendering, rule(rendering))
    assert found.least.value > 0  # the noise cannot be learned
    assert found.chance.value > 2 * found.least.value
    assert found.gap.value == pytest.approx(0.0, abs=0.1 * found.least.value)
    assert found.learned.value == pytest.approx(1.0, abs=0.05)
    assert {known.name for known in found.patterns} == {"recency", "entity", "temporal", "frequency", "supersession"}
    for known in found.patterns:
        assert known.worth.value > 0, known
        assert known.left.value < 0.05 * (found.chance.value - found.least.value), known


def test_what_knows_nothing_has_all_left(noisy: tuple[World, Rendering]) -> None:
    world, rendering = noisy
    found = of_all(world, rendering, np.zeros(len(rendering.labels)))
    assert found.learned.value == pytest.approx(0.0, abs=1e-9)
    assert found.risk == found.chance
    assert found.gap.value == pytest.approx(found.chance.value - found.least.value)


def test_the_gap_names_the_pattern_that_is_lacking(noisy: tuple[World, Rendering]) -> None:
    world, rendering = noisy
    terms = terms_of(world, rendering)
    for lacking in ("temporal", "entity"):
        found = of_all(world, rendering, rule(rendering) - terms[lacking].values)
        by_name = {known.name: known for known in found.patterns}
        worst = max(found.patterns, key=lambda known: known.left.value)
        assert worst.name == lacking
        assert by_name[lacking].left.value == pytest.approx(by_name[lacking].worth.value, rel=0.15)
        assert by_name[lacking].left.low > 0


def test_no_score_beats_the_least_risk_on_average(noisy: tuple[World, Rendering]) -> None:
    _, rendering = noisy
    draws = np.random.default_rng(1)
    for spread in (0.05, 0.2):
        found = learnability(rule(rendering) + draws.normal(0, spread, len(rendering.labels)), rendering)
        assert found is not None
        assert found.gap.value > 0


def test_without_noise_everything_can_be_learned(worlds: Worlds) -> None:
    for rendering in (render(worlds(noise={})), render(worlds(), Spec(labels="clean"))):
        found = learnability(rule(rendering), rendering)
        assert found is not None
        assert found.least.value == pytest.approx(0.0, abs=1e-6)
        assert found.gap.value == pytest.approx(0.0, abs=1e-6)
        assert found.learned.value == pytest.approx(1.0, abs=1e-4)


def test_a_scale_of_its_own_is_no_ignorance(noisy: tuple[World, Rendering]) -> None:
    _, rendering = noisy
    plain, loud = (learnability(scale * rule(rendering), rendering) for scale in (1.0, 40.0))
    assert plain is not None
    assert loud is not None
    assert loud.risk.value == pytest.approx(plain.risk.value, rel=0.05)


def test_labels_that_follow_no_rule_have_no_least_risk(worlds: Worlds, noisy: tuple[World, Rendering]) -> None:
    from dataclasses import replace

    _, rendering = noisy
    assert learnability(rendering.labels, replace(rendering, clean=None)) is None
    assert learnability(rendering.labels, replace(rendering, spec=Spec(labels="signet"))) is None


def test_the_expectation_is_over_the_noise(noisy: tuple[World, Rendering]) -> None:
    _, rendering = noisy
    mean = expected(rendering, 0.5, 64, 0)
    sums = np.add.reduceat(mean, rendering.offsets[:-1])
    np.testing.assert_allclose(sums, 1.0)
    assert np.array_equal(mean, expected(rendering, 0.5, 64, 0))
    assert not np.array_equal(mean, expected(rendering, 0.5, 64, 1))


def test_the_fit_is_the_least_divergence() -> None:
    draws = np.random.default_rng(0)
    offsets = np.array([0, 4, 9, 15])
    columns = [draws.normal(size=15), draws.normal(size=15)]
    planted = softmax(1.7 * columns[0] - 0.6 * columns[1], offsets)
    losses, weights = best(planted, columns, offsets)
    assert weights == pytest.approx([1.7, -0.6], abs=1e-4)
    assert losses.sum() == pytest.approx(0.0, abs=1e-8)
    other = softmax(draws.normal(size=15), offsets)
    losses, weights = best(other, columns, offsets)
    for nudge in ((0.05, 0.0), (0.0, -0.05)):
        moved = (weights[0] + nudge[0]) * columns[0] + (weights[1] + nudge[1]) * columns[1]
        assert divergence(other, moved, offsets).sum() >= losses.sum()
    assert divergence(planted, np.zeros(15), offsets).sum() > 0
    assert math.isfinite(best(planted, [np.zeros(15)], offsets)[0].sum())


def test_plain_json(noisy: tuple[World, Rendering]) -> None:
    world, rendering = noisy
    plain = json.loads(json.dumps(of_all(world, rendering, rule(rendering)).to_map(), allow_nan=False))
    assert set(plain) == {"chance", "least", "risk", "gap", "learned", "patterns"}
    assert plain["patterns"][0]["name"] == "recency"


@pytest.mark.parametrize("name", ["autoregressive", "ising"])
def test_a_forecast_is_better_than_none_and_never_exact(worlds: Worlds, name: str) -> None:
    """The learning curve of what has to be remembered: the past tells part of the present."""
    parameters = {"hours": 8.0, "weight": 0.5}
    parameters |= {"phi_1": 0.9} if name == "autoregressive" else {"coupling": "fixed", "strength": 1.0}
    world = worlds(sessions=400, entities=8, patterns={name: parameters}, noise={})
    pattern = CATALOG[name].from_map(parameters)
    facts = of(world)
    terms, forecast = pattern.terms(facts), pattern.forecast(facts)
    assert forecast is not None
    unknown, told = np.var(terms), np.var(terms - forecast)
    assert 0 < told < 0.75 * unknown
    found = of_all(world, render(world), rule(render(world)))
    (known,) = found.patterns
    assert known.unforeseen is not None
    assert 0 < known.unforeseen.value < known.worth.value


@pytest.mark.parametrize("name", ["recency", "temporal", "gap"])
def test_what_a_session_shows_needs_no_forecast(worlds: Worlds, name: str) -> None:
    assert CATALOG[name]().forecast(of(worlds())) is None
