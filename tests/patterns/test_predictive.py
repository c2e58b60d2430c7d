from __future__ import annotations

import math

import numpy as np
import pytest

from memento.patterns import predictive as p
from memento.patterns.autoregressive import Autoregressive
from memento.patterns.conjunction import Conjunction
from memento.patterns.facts import of
from memento.patterns.induction import Induction
from memento.patterns.series.dependencies import arma
from memento.scenario import load
from memento.simulate.story import Story
from memento.world.world import World


@pytest.fixture(scope="module")
def world() -> World:
    return Story(load("tiny", ["sessions.per_day_mean=4"]), 5).world


@pytest.mark.parametrize(
    ("phi", "k", "ahead", "nats"),
    [
        ((0.5,), 1, 1, 0.1438), ((0.9,), 1, 1, 0.8304), ((0.5, 0.3), 1, 1, 0.357), ((0.5, 0.3), 2, 1, 0.404),
        ((0.5, 0.3), 3, 1, 0.404), ((0.5, 0.3), 5, 5, 0.451),
    ],
)  # fmt: skip
def test_information_of_autoregressive_processes(phi: tuple[float, ...], k: int, ahead: int, nats: float) -> None:
    assert p.ar_information(phi, k, ahead) == pytest.approx(nats, abs=6e-4)


@pytest.mark.parametrize("phi", [(0.5,), (0.9,), (0.5, 0.3)])
@pytest.mark.parametrize("key", [1, 2, 3])
def test_information_is_estimated_within_two_percent(phi: tuple[float, ...], key: int) -> None:
    values = arma(phi, (), 400_000, key)
    true = p.ar_information(phi, 2, 1)
    assert p.estimated_information(values, 2, 1) == pytest.approx(true, rel=0.02)


def test_the_least_risk_is_that_of_the_shocks() -> None:
    assert p.innovation_share((0.6,)) == pytest.approx(1 - 0.36)
    assert p.least_risk(1.0) == pytest.approx(0.5 * math.log(2 * math.pi * math.e))
    assert p.stationary((1.5, 0.9)) != (1.5, 0.9)
    assert Autoregressive(phi_1=0.6).information == pytest.approx(-0.5 * math.log(1 - 0.36))
    assert Autoregressive(phi_1=0.6).floor == pytest.approx(0.64)


def test_a_fixed_chain_has_a_constant_and_redrawn_ones_grow() -> None:
    """Constant against logarithmic growth of the predictive information is told apart."""
    fixed = p.information_from(p.block_entropies(p.spins(400_000, 3, "fixed", 0.7), 12))
    blocks = p.information_from(p.block_entropies(p.spins(400_000, 3, "blocks", 1.0, 2_000), 12))
    same = 1 / (1 + math.exp(-1.4))
    true = math.log(2) + same * math.log(same) + (1 - same) * math.log(1 - same)
    assert fixed[0] == pytest.approx(true, rel=0.02)
    assert fixed[5] - fixed[0] < 0.01
    assert blocks[5] - blocks[0] > 0.15
    grows = np.diff(blocks)
    assert np.all(grows[:4] > 0)
    assert grows[-1] < grows[0]


def test_couplings_at_a_distance_tell_more_still() -> None:
    near = p.information_from(p.block_entropies(p.spins(60_000, 5, "blocks", 0.7, 1_000), 10))
    far = p.information_from(p.block_entropies(p.spins(60_000, 5, "long-range", 0.7, 1_000), 10))
    assert far[-1] > near[-1]


def test_the_learning_curve_falls_to_nothing_once_the_order_is_reached() -> None:
    entropies = p.block_entropies(p.spins(400_000, 9, "fixed", 0.7), 8)
    curve = p.learning_curve(entropies)
    assert curve[0] > 0.1
    assert np.abs(curve[1:]).max() < 0.002
    risk = np.diff(np.concatenate([[0.0], entropies]))
    np.testing.assert_allclose(p.minimal_risk(risk, curve), np.full(8, risk[-1]), atol=1e-9)
    with pytest.raises(ValueError, match="not 16"):
        p.block_entropies(np.ones(100, np.int64), 16)


def test_a_conjunction_needs_all_of_its_conditions(world: World) -> None:
    facts = of(world)
    terms = Conjunction(share=1.0, first_hour=0, last_hour=24, gap_days=365.0).terms(facts)
    met = facts.gap_days > 0
    assert 0.08 < (terms[met] > 0).mean() < 0.22
    narrow = Conjunction(share=1.0, first_hour=6, last_hour=12, gap_days=365.0).terms(facts)
    assert np.all(terms[narrow > 0] > 0)
    assert np.all((facts.hour[narrow > 0] >= 6) & (facts.hour[narrow > 0] < 12))
    assert Conjunction().rate() == pytest.approx(6 / 24 / 7)


def test_induction_remembers_hours(world: World) -> None:
    facts, rule = of(world), Induction(weight=1.0, band_hours=6)
    terms = rule.terms(facts)
    sessions, memories = world.sessions, world.memories
    band = sessions["ended_at"] % 86_400 // 3600 // 6
    order = np.argsort(sessions["ended_at"], kind="stable").tolist()
    for row in range(0, len(terms), 37):
        session, entity = world.candidate_sessions[row], memories["entity"][world.candidate_memories[row]]
        earlier = order[: order.index(session)]
        expected = any(sessions["topic"][s] == entity != "" and band[s] == band[session] for s in earlier)
        assert terms[row] == float(expected)
    assert 0.05 < terms.mean() < 0.95
