"""Arrivals follow their laws and hang on nothing but their own keys."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from scipy import stats

from memento import rng
from memento.scenario import Settings, load
from memento.simulate.clock import DAY, Arrivals, Span, arrivals, gap_days
from memento.simulate.ids import Stems
from memento.world.records import TABLES
from memento.world.table import Table
from memento.world.world import session_order

SEEDS = (1, 2, 3)


def settings(**overrides: str) -> Settings:
    return load("default", {key.replace("__", "."): value for key, value in overrides.items()}).settings(1)


def made(seed: int, law: Settings) -> Arrivals:
    return arrivals(law, seed, 2, Stems(seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_sessions_a_day(seed: int) -> None:
    """round(max(0, N(5, 2))) has mean 5.003 and standard deviation 2.01; the mean is held to 4 errors."""
    law = settings(time__days="2000", sessions__weekday_activity="[1, 1, 1, 1, 1, 1, 1]")
    counts = np.bincount((made(seed, law).started_at - Span.of(law).start) // DAY, minlength=2000)
    assert counts.mean() == pytest.approx(5.003, abs=4 * 2.01 / np.sqrt(2000))
    assert counts.std() == pytest.approx(2.01, rel=0.08)


@pytest.mark.parametrize("seed", SEEDS)
def test_weekday_thinning(seed: int) -> None:
    """Each weekday keeps its share of sessions, within 4 standard errors over 400 weeks."""
    law = settings(time__days="2800")
    sessions = made(seed, law)
    weekday = (sessions.started_at // DAY + 3) % 7
    assert datetime.fromtimestamp(int(sessions.started_at[0]), UTC).weekday() == weekday[0]
    kept = np.bincount(weekday, minlength=7)
    offered = 5.003 * 400
    for day, share in enumerate(law.sessions.weekday_activity):
        assert kept[day] == pytest.approx(share * offered, abs=4 * np.sqrt(share * offered * 1.8)), day


@pytest.mark.parametrize("seed", SEEDS)
def test_hours_follow_the_wrapped_mixture(seed: int) -> None:
    law = settings(time__days="1000")
    hour = made(seed, law).started_at % DAY / 3600
    turns = np.arange(-2, 3) * 24

    def cdf(x: np.ndarray) -> np.ndarray:
        parts = [
            stats.norm.cdf(np.asarray(x)[..., None] + turns, m, s) - stats.norm.cdf(turns, m, s)
            for m, s in zip(law.sessions.hour_means, law.sessions.hour_sds, strict=True)
        ]
        return np.mean(np.sum(parts, axis=-1), axis=0)

    assert stats.kstest(hour, cdf).pvalue > 1e-4


def test_lengths() -> None:
    sessions = made(1, settings(time__days="700"))
    minutes = (sessions.ended_at - sessions.started_at) / 60
    assert minutes.min() >= 1
    assert minutes.max() <= 600
    assert minutes.mean() == pytest.approx(30, abs=1.5)
    assert minutes.std() == pytest.approx(20, rel=0.15)


def test_the_calendar_gives_the_stated_mean_gap() -> None:
    """Five sessions a day at full activity are 0.2 days apart on average: the gap law is a check, not a generator."""
    law = settings(time__days="1000", sessions__weekday_activity="[1, 1, 1, 1, 1, 1, 1]")
    assert gap_days(made(1, law)).mean() == pytest.approx(law.sessions.gap_mean, rel=0.05)


def test_canonical_order_and_distinct_ids() -> None:
    sessions = made(4, settings(time__days="100", sessions__per_day_mean="90"))
    assert len(set(sessions.id.tolist())) == len(sessions)
    columns = {"id": sessions.id, "started_at": sessions.started_at, "ended_at": sessions.ended_at}
    table = Table.from_columns(TABLES["sessions"], columns)
    assert np.array_equal(session_order(table), np.arange(len(sessions)))
    assert np.array_equal(sessions.key, rng.hashes(sessions.id.tolist()))


def test_a_longer_span_keeps_the_sessions_it_had() -> None:
    short, long = made(3, settings(time__days="21")), made(3, settings(time__days="49"))
    rows = {key: row for row, key in enumerate(long.id.tolist())}
    found = long.take(np.array([rows[key] for key in short.id.tolist()]))
    for name in ("started_at", "ended_at", "project", "traversal", "key"):
        assert np.array_equal(getattr(found, name), getattr(short, name)), name


def test_weeks() -> None:
    law = settings(time__days="10")
    span = Span.of(law)
    assert span.weeks == 2
    assert [span.end_of(week) - span.start for week in range(2)] == [7 * DAY, 10 * DAY]
    assert span.week_of(
        np.array([span.start - 5, span.start + 7 * DAY - 1, span.start + 7 * DAY, span.start + 99 * DAY])
    ).tolist() == [0, 0, 1, 1]
