from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

from memento import rng
from memento.errors import UsageError
from memento.scenario import load, parameters, parse
from memento.simulate.story import Story
from memento.synthesis.fit import Estimate, Fit, fit
from memento.synthesis.fit.estimate import joint, maximise, rate, share
from memento.synthesis.fit.fit import interval, planted
from memento.world.world import World, empty_world


@pytest.fixture(scope="module", params=[3, 29])
def world(request: pytest.FixtureRequest) -> World:
    return Story(load("developer-week", ["time.days=120"]), request.param).world


@pytest.fixture(scope="module")
def fitted(world: World) -> Fit:
    return fit(world, "main")


def test_planted_parameters_lie_in_their_intervals(world: World, fitted: Fit) -> None:
    """95% intervals hold 95% of truths; of about 35, five may be missed by bad luck."""
    truths = planted(world, fitted)
    assert len(truths) >= 30
    missed = [key for key, (_, held) in truths.items() if not held]
    assert len(missed) <= 5, missed


@pytest.mark.parametrize(
    ("key", "off"),
    [
        ("sessions.per_day_mean", 1.0), ("sessions.minutes_mean", 4.0), ("topics.stickiness", 0.1),
        ("topics.popularity", 0.35), ("memories.importance_a", 0.5), ("memories.importance_b", 1.2),
        ("memories.access_alpha", 0.2), ("memories.births_per_session", 0.15), ("memories.supersede_rate", 0.06),
        ("memories.history_days", 3.0), ("patterns.recency.decay_rate", 0.015), ("candidates.hits_per_relevance", 0.2),
        ("patterns.recency.weight", 0.04), ("patterns.entity.weight", 0.03), ("patterns.temporal.weight", 0.04),
        ("patterns.frequency.weight", 0.03), ("patterns.supersession.penalty", 0.1), ("patterns.traversal.bonus", 0.05),
    ],
)  # fmt: skip
def test_estimates_are_near_what_was_planted(world: World, fitted: Fit, key: str, off: float) -> None:
    truth = planted(world, fitted)[key][0]
    assert fitted.estimates[key].value == pytest.approx(truth, abs=off)


def test_the_scenario_is_one_and_makes_a_twin(fitted: Fit) -> None:
    text = fitted.to_toml()
    scenario = parse(text, "twin.toml", "twin")
    assert scenario.values == fitted.scenario().values
    assert scenario["entities.projects"] == ("storefront", "payments", "platform")
    twin = Story(scenario, 99).world
    again = fit(twin, "twin")
    own = fitted.estimates["topics.stickiness"].value
    assert again.estimates["topics.stickiness"].value == pytest.approx(own, abs=0.12)


def test_the_manifest_has_no_say_but_for_the_first_day_and_the_noise(world: World, fitted: Fit) -> None:
    tree = {key: value for key, value in world.manifest.scenario.items() if key == "time"}

    bare = world.replace(manifest=replace(world.manifest, scenario=tree, patterns={}, seed=0))
    assert fit(bare, "main").estimates == fitted.estimates


def test_a_world_without_history_is_refused() -> None:
    with pytest.raises(UsageError, match="has 0 sessions"):
        fit(empty_world())


def test_estimates_stay_within_their_bounds(fitted: Fit) -> None:
    for key, estimate in fitted.estimates.items():
        spec = parameters()[key]
        for end in (estimate.low, estimate.value, estimate.high):
            for part in end if isinstance(end, tuple) else (end,):
                assert spec.low <= part <= spec.high, key


# ── the estimators ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (3, 17), (200, 400), (5, 5)])
def test_shares_have_wilsons_interval(hits: int, n: int) -> None:
    found = share("x", hits, n, "trials")
    expected = scipy.stats.binomtest(hits, n).proportion_ci(method="wilson")
    assert found is not None
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert share("x", 0, 0, "trials") is None


def test_rates_hold_their_mean_as_often_as_they_say() -> None:
    counts = rng.poisson(rng.keys(rng.key(1, "rates"), [str(n) for n in range(2000)]), 12.0).tolist()
    held = sum(made.covers(1.2) for count in counts if (made := rate("x", count, 10, "days")))
    assert 0.93 < held / len(counts) < 0.97


def test_a_maximum_is_found_with_its_curvature() -> None:
    values = rng.normal(rng.keys(rng.key(2, "normal"), [str(n) for n in range(500)]), 20.0, 3.0)

    def likelihood(theta: np.ndarray) -> float:
        return float(scipy.stats.norm.logpdf(values, theta[0], theta[1]).sum())

    peak = maximise(likelihood, [10.0, 1.0], ["real", "positive"])
    assert peak.value == pytest.approx([values.mean(), values.std()], rel=1e-4)
    assert peak.high[0] - peak.low[0] == pytest.approx(2 * 1.96 * values.std() / math.sqrt(500), rel=0.01)


def test_a_parameter_at_its_bound_has_an_interval_to_one_side() -> None:
    peak = maximise(lambda theta: -1000.0 * float(theta[0]), [0.5], ["share"])
    assert peak.value[0] < 1e-4
    assert peak.low[0] < 1e-12
    assert peak.high[0] == pytest.approx(1.92 / 1000, rel=0.02)


def test_joint_intervals_are_wider() -> None:
    assert joint(1) == pytest.approx(1.96, abs=0.001)
    assert joint(7) == pytest.approx(scipy.stats.norm.ppf(1 - 0.025 / 7), abs=1e-6)
    whole = Estimate("x", (1.0, 2.0), (0.5, 1.5), (1.5, 2.5), 1, "y")
    assert whole.covers((1.0, 2.4))
    assert not whole.covers((1.0, 2.6))
    assert not whole.covers((1.0,))
    assert interval(whole) == "[0.5, 1.5] to [1.5, 2.5]"


def test_hours_are_found_around_midnight() -> None:
    from memento.synthesis.fit.arrivals import _hours

    keys = rng.keys(rng.key(3, "hours"), [str(n) for n in range(3000)])
    hours = rng.mixture(keys, [8.0, 23.5], [0.8, 1.5], [1, 2]) % 24.0
    means, sds, weights = _hours(hours)
    assert means.value == pytest.approx((8.0, 23.5), abs=0.15)
    assert sds.value == pytest.approx((0.8, 1.5), abs=0.1)
    assert weights.value == pytest.approx((2 / 3, 4 / 3), abs=0.08)
