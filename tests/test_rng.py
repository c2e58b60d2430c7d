"""Draws are a function of key and counter, follow their distributions, and never change bit for bit."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from memento import rng

SIZE = 40_000
SEEDS = (1, 2, 3, 77)
GOLDEN = {
    "key": 3732128987907073611,
    "bits": [17828025651684650508, 15441605943537873040, 8780176857229841583],
    "normal": ["0x1.d4c4bd9ce2ce9p+0", "0x1.f713c8bd8c2c0p-1", "-0x1.eda60e4820d2ep-5"],
    "beta": ["0x1.d0dede28ead34p-3", "0x1.7700e010a3dbap-2", "0x1.3593779e3b366p-2"],
    "gamma": ["0x1.4528a9eeb0ec2p-4", "0x1.2a51648563244p+2", "0x1.70af7fba16e1ep-1"],
    "zipf": [181, 17, 2],
    "poisson": [6, 5, 3],
    "permutation": [5, 0, 3, 4, 2, 1],
}


def keys(seed: int, size: int = SIZE) -> rng.Keys:
    return rng.pair_keys(rng.key(seed, "test"), np.arange(size, dtype=np.uint64))


def test_splitmix64_reference_values() -> None:
    """The published first outputs of SplitMix64 from state 1234567."""
    drawn = [int(rng.bits(1234567, counter)) for counter in range(5)]
    assert drawn == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_golden_draws() -> None:
    fixed = keys(7, 3)
    assert rng.key(7, "session", 3) == GOLDEN["key"]
    assert rng.bits(fixed).tolist() == GOLDEN["bits"]
    assert [value.hex() for value in rng.normal(fixed).tolist()] == GOLDEN["normal"]
    assert [value.hex() for value in rng.beta(fixed, 2, 5).tolist()] == GOLDEN["beta"]
    assert [value.hex() for value in rng.gamma(fixed, 0.7).tolist()] == GOLDEN["gamma"]
    assert rng.zipf(fixed, 1.5, 1000).tolist() == GOLDEN["zipf"]
    assert rng.poisson(fixed, 3.0).tolist() == GOLDEN["poisson"]
    assert rng.permutation(7, 6).tolist() == GOLDEN["permutation"]


def test_keys_tell_paths_apart() -> None:
    paths = [(1, "a", "b"), (1, "ab"), (1, "a", 1), (1, "a", "1"), (11, "a"), (1, 1, "a"), (1,), (1, "")]
    assert len({rng.key(*path) for path in paths}) == len(paths)
    assert rng.key(-(10**30), "x") != rng.key(10**30, "x")


def test_keys_of_ids_do_not_depend_on_their_neighbours() -> None:
    ids = [f"r-{n}" for n in range(50)]
    whole = rng.keys(9, ids)
    assert rng.keys(9, ids[10:11])[0] == whole[10]
    assert len(set(whole.tolist())) == 50
    assert np.array_equal(whole, rng.pair_keys(9, rng.hashes(ids)))


def test_pairs_are_ordered() -> None:
    a, b = keys(1, 1000), keys(2, 1000)
    assert not np.any(rng.pair_keys(a, b) == rng.pair_keys(b, a))
    assert len(set(rng.pair_keys(a[:, None], b[None, :30]).ravel().tolist())) == 30_000


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("name", "draw", "law"),
    [
        ("uniform", rng.uniform, stats.uniform),
        ("normal", lambda k: rng.normal(k, 2, 3), stats.norm(2, 3)),
        ("laplace", lambda k: rng.laplace(k, 1, 2), stats.laplace(1, 2)),
        ("exponential", lambda k: rng.exponential(k, 4), stats.expon(scale=4)),
        ("lognormal", lambda k: rng.lognormal(k, -2.6, 1.4), stats.lognorm(1.4, scale=np.exp(-2.6))),
        ("beta by order", lambda k: rng.beta(k, 2, 5), stats.beta(2, 5)),
        ("beta by gammas", lambda k: rng.beta(k, 0.5, 1.7), stats.beta(0.5, 1.7)),
        ("gamma", lambda k: rng.gamma(k, 2.3), stats.gamma(2.3)),
        ("gamma below one", lambda k: rng.gamma(k, 0.3), stats.gamma(0.3)),
    ],
)
def test_continuous_laws(seed: int, name: str, draw, law) -> None:  # type: ignore[no-untyped-def]
    assert stats.kstest(draw(keys(seed)), law.cdf).pvalue > 1e-5, name


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("draw", "mass"),
    [
        (lambda k: rng.poisson(k, 2.5), lambda n: stats.poisson(2.5).pmf(n)),
        (lambda k: rng.poisson(k, 80.0), lambda n: stats.poisson(80).pmf(n)),
        (lambda k: rng.zipf(k, 1.5, 1000), lambda n: stats.zipfian(1.5, 1000).pmf(n)),
        (lambda k: rng.choice(k, [1, 0, 2, 5]), lambda n: np.array([1, 0, 2, 5])[n] / 8),
        (lambda k: rng.integers(k, 7), lambda n: np.where(n < 7, 1 / 7, 0)),
    ],
)
def test_discrete_laws(seed: int, draw, mass) -> None:  # type: ignore[no-untyped-def]
    drawn = draw(keys(seed))
    counts = np.bincount(drawn)
    numbers = np.arange(len(counts))
    expected = mass(numbers) * SIZE
    often = expected >= 20
    assert not counts[expected == 0].any()
    seen = np.append(counts[often], SIZE - counts[often].sum())
    meant = np.append(expected[often], SIZE - expected[often].sum())
    if meant[-1] < 5:
        seen, meant = seen[:-1], meant[:-1] * seen[:-1].sum() / meant[:-1].sum()
    assert stats.chisquare(seen, meant).pvalue > 1e-5


def test_mixture_moments() -> None:
    drawn = rng.mixture(keys(5), [9, 14, 21], [2, 2, 1.5], [1, 1, 1])
    assert drawn.mean() == pytest.approx(44 / 3, abs=0.1)
    assert drawn.var() == pytest.approx((4 + 4 + 2.25) / 3 + np.var([9, 14, 21]), rel=0.03)


def test_lognormal_of_moments() -> None:
    mu, sigma = rng.lognormal_of_moments(0.2, 0.5)
    assert (mu, sigma) == (pytest.approx(-2.600, abs=1e-3), pytest.approx(1.407, abs=1e-3))


@pytest.mark.parametrize("seed", SEEDS)
def test_streams_are_independent(seed: int) -> None:
    """Neighbouring keys and neighbouring counters are uncorrelated."""
    k = keys(seed)
    limit = 5 / np.sqrt(SIZE)
    for a, b in [
        (rng.uniform(k), rng.uniform(k, 1)),
        (rng.uniform(k)[1:], rng.uniform(k)[:-1]),
        (rng.uniform(k), rng.uniform(rng.bits(k))),
        (rng.normal(k) ** 2, rng.normal(k, counter=1) ** 2),
    ]:
        assert abs(np.corrcoef(a, b)[0, 1]) < limit


def test_choice_by_row_matches_choice_for_all() -> None:
    k = keys(3, 500)
    rows = np.tile([0.2, 0.5, 0.0, 0.3], (500, 1))
    assert np.array_equal(rng.choice(k, rows), rng.choice(k, rows[0]))


def test_sample_is_fair_and_stable_under_removal() -> None:
    k = keys(4, 200)
    order = rng.sample(k, 200)
    assert sorted(order.tolist()) == list(range(200))
    without = np.delete(np.arange(200), 17)
    assert [n for n in order.tolist() if n != 17] == without[rng.sample(k[without], 199)].tolist()
    hits = np.zeros(10)
    for base in range(4000):
        hits[rng.sample(rng.pair_keys(base, np.arange(10, dtype=np.uint64)), 3)] += 1
    assert stats.chisquare(hits).pvalue > 1e-5


def test_weighted_sample_follows_its_weights() -> None:
    weights = np.array([1.0, 0.0, 2.0, 5.0])
    first = np.zeros(4)
    for base in range(4000):
        first[rng.sample(rng.pair_keys(base, np.arange(4, dtype=np.uint64)), 1, weights)[0]] += 1
    assert first[1] == 0
    assert stats.chisquare(first[weights > 0], 4000 * weights[weights > 0] / 8).pvalue > 1e-5


def test_coupling_is_monotone() -> None:
    k = keys(6, 5000)
    assert np.all(rng.poisson(k, 2.0) <= rng.poisson(k, 2.2))
    assert np.all(rng.bernoulli(k, 0.3) <= rng.bernoulli(k, 0.4))


def test_poisson_refuses_a_mean_out_of_range() -> None:
    for mean in (-1.0, 501.0, float("nan")):
        with pytest.raises(ValueError, match="Poisson mean"):
            rng.poisson(keys(1, 2), mean)


def test_exp_and_log_are_within_one_and_a_half_units() -> None:
    x = np.concatenate([np.linspace(-700, 700, 100_001), np.linspace(-1e-3, 1e-3, 10_001)])
    y = np.concatenate([np.exp(x), np.linspace(0.5, 2, 10_001)])
    assert np.max(np.abs(rng.exp(x) - np.exp(x)) / np.spacing(np.exp(x))) <= 1.5
    reference = np.log(y)
    assert np.max(np.abs(rng.log(y) - reference) / np.spacing(np.maximum(np.abs(reference), 1e-300))) <= 1.5


def test_exp_and_log_at_the_edges() -> None:
    assert rng.exp([0.0, -2000.0, 2000.0, -np.inf, np.inf]).tolist() == [1.0, 0.0, np.inf, 0.0, np.inf]
    assert rng.log([1.0, 0.0, np.inf]).tolist() == [0.0, -np.inf, np.inf]
    assert np.isnan(rng.log(-1.0))
    assert rng.exp(np.log(5e-324)) == 5e-324
    assert rng.power(0.95, [0, 1, 2]).tolist() == pytest.approx([1, 0.95, 0.9025], rel=1e-15)


def test_normal_quantile_against_scipy() -> None:
    p = np.concatenate([np.arange(1, 5000) / 5000, [1e-300, 1e-20, 1e-9, 1 - 1e-9]])
    assert np.allclose(rng.normal_quantile(p), stats.norm.ppf(p), rtol=1e-13, atol=1e-15)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**20))
def test_one_key_equals_an_array_of_keys(value: int, counter: int) -> None:
    array = np.array([[value, 5]], np.uint64)
    for draw in (rng.bits, rng.uniform, rng.normal, rng.laplace, rng.exponential):
        assert draw(value, counter=counter) == draw(array, counter=counter)[0, 0]
    assert 0 <= rng.uniform(value, counter) < 1


def test_equal_in_another_process() -> None:
    code = (
        "from memento import rng; import numpy as np;"
        "k = rng.keys(rng.key(7, 'x'), ['a', 'b', 'c']); print(rng.bits(k).tolist(), rng.normal(k).tolist())"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(runs) == 1
