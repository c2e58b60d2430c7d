from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from memento import rng
from memento.errors import InvalidFile
from memento.patterns import noise as room
from memento.patterns.noise import (
    FAMILIES,
    Noise,
    candidate_keys,
    deviations,
    measured_snr,
    noisy,
    quartile_ratio,
    unclipped,
)
from memento.world.world import World
from patterns.worlds import START, world_of, worlds

KEYS = rng.bits(np.arange(200_000, dtype=np.uint64))
OFFSETS = np.arange(0, 200_001, 50)
CLEAN = 0.5 + 0.1 * rng.normal(rng.bits(KEYS, 9))


LIGHT = ["gaussian", "uniform", "laplace"]


@pytest.mark.parametrize("family", LIGHT)
def test_families_share_mean_and_variance(family: str) -> None:
    draws = Noise(family, 20.0).draw(KEYS)
    assert abs(draws.mean()) < 0.01
    assert draws.var() == pytest.approx(1.0, abs=0.02)
    kurtosis = float(np.mean(draws**4))
    assert kurtosis == pytest.approx({"gaussian": 3.0, "uniform": 1.8, "laplace": 6.0}[family], rel=0.06)


def test_students_tails_are_heavy_and_its_variance_is_1() -> None:
    draws = Noise("student", 20.0).draw(KEYS)
    assert np.quantile(draws, [0.25, 0.75]) == pytest.approx(scipy.stats.t.ppf([0.25, 0.75], 3) / 3**0.5, abs=0.01)
    assert scipy.stats.kstest(draws[:20_000] * 3**0.5, scipy.stats.t(3).cdf).pvalue > 1e-3
    assert np.clip(draws, -60, 60).var() == pytest.approx(1.0, abs=0.1)


def test_the_stable_law_has_the_range_of_the_normal() -> None:
    draws = Noise("levy", 20.0).draw(KEYS)
    assert np.quantile(draws, [0.25, 0.75]) == pytest.approx([-0.6745, 0.6745], abs=0.01)
    stable = scipy.stats.levy_stable(1.5, 0, scale=0.6744897501960817 / scipy.stats.levy_stable.ppf(0.75, 1.5, 0))
    for share in (0.6, 0.9, 0.99):
        assert np.quantile(draws, share) == pytest.approx(stable.ppf(share), rel=0.06)


@pytest.mark.parametrize("family", ["gaussian", "uniform", "laplace", "student", "levy"])
@pytest.mark.parametrize("snr", [-10.0, 0.0, 20.0, 30.0])
def test_the_ratio_by_quartiles_is_that_of_its_law(family: str, snr: float) -> None:
    """Half a decibel: for the laws that have a variance the range tells it too, once their own range is known."""
    labels = unclipped(CLEAN, OFFSETS, KEYS, {"distribution": family, "snr_db": snr})
    own = np.subtract(*np.quantile(Noise(family, 0.0).draw(KEYS), [0.75, 0.25])) / 1.3489795
    assert quartile_ratio(CLEAN, labels, OFFSETS) + 20 * np.log10(own) == pytest.approx(snr, abs=0.5)
    if family == "levy":
        assert own == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("family", LIGHT)
@pytest.mark.parametrize("snr", [-10.0, 0.0, 10.0, 30.0])
def test_the_ratio_that_was_asked_for_is_found(family: str, snr: float) -> None:
    labels = unclipped(CLEAN, OFFSETS, KEYS, {"distribution": family, "snr_db": snr})
    assert measured_snr(CLEAN, labels, OFFSETS) == pytest.approx(snr, abs=0.2)


def test_clipping_at_the_floor_takes_signal_away() -> None:
    low = np.clip(CLEAN - 0.45, 0.0, 1.0)
    labels = unclipped(low, OFFSETS, KEYS, {"distribution": "gaussian", "snr_db": 0.0})
    clipped = np.clip(labels, 0.0, 1.0)
    assert measured_snr(low, labels, OFFSETS) == pytest.approx(0.0, abs=0.2)
    assert np.mean((labels < 0) | (labels > 1)) > 0.2
    np.testing.assert_array_equal(clipped, noisy(low, OFFSETS, KEYS, {"distribution": "gaussian", "snr_db": 0.0}))
    assert abs(measured_snr(low, clipped, OFFSETS)) > 1.0


def test_each_session_has_noise_of_its_own_spread() -> None:
    clean = np.array([0.5, 0.5, 0.5, 0.2, 0.8])
    found = deviations(clean, np.array([0, 3, 3, 5]), Noise("gaussian", 20.0))
    assert found == pytest.approx([0, 0, 0, 0.03, 0.03])


def test_a_session_is_not_touched_by_its_neighbours() -> None:
    whole = noisy(CLEAN, OFFSETS, KEYS, {"distribution": "laplace", "snr_db": 5.0})
    alone = noisy(CLEAN[50:100], np.array([0, 50]), KEYS[50:100], {"distribution": "laplace", "snr_db": 5.0})
    np.testing.assert_array_equal(whole[50:100], alone)


def test_without_noise_labels_are_clean() -> None:
    np.testing.assert_array_equal(noisy(CLEAN[:50], OFFSETS[:2], KEYS[:50], {}), np.clip(CLEAN[:50], 0, 1))
    assert math.isinf(measured_snr(CLEAN, CLEAN, OFFSETS))
    assert math.isnan(measured_snr(np.ones(4), np.ones(4), np.array([0, 4])))


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_a_candidate_has_one_key_in_every_world_of_a_seed(world: World) -> None:
    keys = dict(zip(world.candidates.keys, candidate_keys(world).tolist(), strict=True))
    assert len(set(keys.values())) == len(keys)
    for key in keys:
        session, memory = key.split("/")
        small = world_of(
            memories=[{"id": memory}],
            sessions=[{"id": session, "ended_at": START}],
            candidates=[{"session": session, "memory": memory}],
        )
        assert candidate_keys(small).tolist() == [keys[key]]
        other = world_of(
            sessions=[{"id": session, "ended_at": START}],
            candidates=[{"session": session, "memory": memory}],
            seed=8,
        )
        assert candidate_keys(other).tolist() != [keys[key]]


@given(
    st.lists(st.lists(st.floats(0, 1), max_size=5), max_size=6),
    st.floats(-60, 100),
    st.sampled_from(list(FAMILIES)),
)
@settings(max_examples=100, deadline=None)
def test_labels_stay_in_bounds(sessions: list[list[float]], snr: float, family: str) -> None:
    offsets = np.cumsum([0, *map(len, sessions)])
    clean = np.array([value for session in sessions for value in session], float)
    labels = noisy(clean, offsets, KEYS[: len(clean)], {"distribution": family, "snr_db": snr})
    assert np.all((labels >= 0) & (labels <= 1))


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"distribution": "gausian", "snr_db": 20.0}, "did you mean gaussian?"),
        ({"snr_db": 1000}, "is not from -60 to 100 dB"),
        ({"snr_db": "loud"}, "is not a number"),
        ({"level": 1}, "no parameter 'level'"),
    ],
)
def test_bad_noise_is_refused(values: dict[str, object], fault: str) -> None:
    with pytest.raises(InvalidFile, match="noise") as caught:
        Noise.from_map(values)
    assert fault in str(caught.value)


def test_session_sums_pass_over_empty_sessions() -> None:
    assert room.session_sums(np.array([1.0, 2.0, 4.0]), np.array([0, 0, 2, 2, 3])).tolist() == [0.0, 3.0, 0.0, 4.0]
