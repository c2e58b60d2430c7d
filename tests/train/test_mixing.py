from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memento.errors import InvalidFile, UsageError
from memento.train.mixing import CATALOG, Diet, Maturity, Mixing, Phases, Phi, Spin, Wrap
from memento.train.mixture import Mixture

SYNTHETIC, REAL = np.arange(700), np.arange(1000, 1300)


def diet(mixing: Mixing, epochs: int = 40) -> Diet:
    return Diet(Mixture([SYNTHETIC, REAL], [1.0, 1.0], 3), epochs, mixing)


def test_wrap_is_one_to_one_in_exact_numbers() -> None:
    plan = diet(Wrap(real="2"))
    for number in range(3):
        sessions = plan.epoch(number)
        assert len(sessions) == 1000
        assert np.count_nonzero(sessions >= 1000) == 500


def test_a_source_goes_on_where_it_was_left() -> None:
    plan = diet(Wrap(real="2"))
    taken = np.concatenate([plan.epoch(number) for number in range(3)])
    _, times = np.unique(taken[taken >= 1000], return_counts=True)
    assert set(times) == {5}


def test_phi_is_a_seventh_and_synthetic_alone_at_the_end() -> None:
    plan = diet(Phi(real="2"))
    counts = [plan.counts(number) for number in range(40)]
    assert counts[0] == [143, 857]
    assert counts[39] == [1000, 0]
    assert sum(c[0] for c in counts) / 40_000 == pytest.approx(1.18 / 7.18, abs=0.001)


@pytest.mark.parametrize("epochs", [1, 10, 20, 39, 40, 100])
def test_the_last_fortieth_of_phi_is_synthetic_however_many_epochs_there_are(epochs: int) -> None:
    plan = diet(Phi(real="2"), epochs=epochs)
    counts = np.array([plan.counts(number) for number in range(epochs)])
    assert counts[:, 0].sum() / counts.sum() == pytest.approx(0.025 + 0.975 / 7, abs=1e-3)
    assert counts[-1, 0] == counts[:, 0].max()


def test_spin_takes_the_last_two_rounds() -> None:
    plan = diet(Spin(real="2", rounds=4), epochs=4)
    met = [np.unique(plan.epoch(number)[plan.epoch(number) < 1000]) for number in range(4)]
    assert [(int(part.min()), int(part.max())) for part in met] == [(0, 174), (0, 349), (175, 524), (350, 699)]


@pytest.mark.parametrize(("real", "share"), [(0, 1.0), (499, 1.0), (500, 0.5), (1999, 0.5), (2000, 0.5), (4000, 0.25),
                                            (50_000, 0.1)])  # fmt: skip
def test_cold_start_bootstrap_and_maturity(real: int, share: float) -> None:
    assert Maturity().share(real, 0.0, 0.025) == share


def test_maturity_counts_the_real_sessions_that_there_are() -> None:
    assert diet(Maturity(real="2")).counts(0) == [1000, 0]
    assert diet(Maturity(real="2", bootstrap=300)).counts(0) == [500, 500]


def test_weights_hold_within_the_synthetic_sources() -> None:
    mixture = Mixture([np.arange(100), np.arange(100, 200), np.arange(200, 400)], [3.0, 1.0, 1.0])
    assert Diet(mixture, 4, Wrap(real="3")).counts(0) == [150, 50, 200]


def test_a_limit_keeps_the_first_sessions_and_the_number_of_steps() -> None:
    plan = Diet(Mixture([SYNTHETIC, REAL], [1.0, 1.0]), 10, None, lambda number: 10 * (number + 1))
    for number in range(3):
        sessions = plan.epoch(number)
        assert len(sessions) == 1000
        assert sessions[sessions < 1000].max() == 10 * (number + 1) - 1


def test_without_a_schedule_and_a_limit_it_is_the_mixture() -> None:
    mixture = Mixture([SYNTHETIC, REAL], [2.0, 1.0], 5)
    plan = Diet(mixture, 7)
    for number in range(3):
        assert np.array_equal(plan.epoch(number), mixture.epoch(number))


@given(st.sampled_from(sorted(CATALOG)), st.integers(1, 400), st.integers(1, 400), st.integers(0, 11))
def test_every_epoch_has_as_many_sessions_as_there_are(name: str, synthetic: int, real: int, number: int) -> None:
    mixture = Mixture([np.arange(synthetic), np.arange(1000, 1000 + real)], [1.0, 1.0])
    plan = Diet(mixture, 12, CATALOG[name](sources="1+1", at="0.5") if name == "phases" else CATALOG[name](real="2"))
    assert len(plan.epoch(number)) == synthetic + real == sum(plan.counts(number))


@pytest.mark.parametrize("real", ["", "1+2", "3"])
def test_sources_that_are_all_alike_are_not_mixed(real: str) -> None:
    with pytest.raises(UsageError):
        diet(Wrap(real=real))


def test_sources_are_named_by_number() -> None:
    with pytest.raises(InvalidFile, match="numbers of sources"):
        Wrap(real="two")


def test_phases_follow_one_another_in_exact_numbers() -> None:
    mixture = Mixture([np.arange(20), np.arange(100, 140), np.arange(200, 240)], [1.0, 1.0, 3.0])
    plan = Diet(mixture, 10, Phases(sources="1+2", at="0.3"))
    assert [plan.counts(number) for number in (0, 2, 3, 9)] == [[100, 0, 0], [100, 0, 0], [0, 25, 75], [0, 25, 75]]
    assert plan.epoch(2).max() < 20
    assert plan.epoch(3).min() >= 100


def test_the_phases_of_the_seed_change_at_its_steps() -> None:
    phases = Phases(sources="1+1+1+1", at="0.1/0.3/0.6")
    assert [phases.phase(step / 50_000) for step in (0, 4_999, 5_000, 15_000, 30_000, 49_999)] == [0, 0, 1, 2, 3, 3]
    even = Phases(sources="1+1+2+1")
    assert [even.phase(share) for share in (0.0, 0.24, 0.25, 0.5, 0.74, 0.75, 1.0)] == [0, 0, 1, 2, 2, 3, 3]


@pytest.mark.parametrize("faulty", [{"sources": "1+x"}, {"sources": "0+1"}, {"sources": "1+1", "at": "2"},
                                    {"sources": "1+1+1", "at": "0.5/0.2"}, {"sources": "1+1", "at": "a"}])  # fmt: skip
def test_phases_that_are_none_are_refused(faulty: dict[str, str]) -> None:
    with pytest.raises(InvalidFile):
        Phases(**faulty)


def test_phases_hold_every_source() -> None:
    with pytest.raises(UsageError, match="hold 3 sources, and there are 2"):
        Diet(Mixture([SYNTHETIC, REAL], [1.0, 1.0]), 4, Phases(sources="1+2", at="0.5"))
