"""The index finds what a scan of all memories finds."""

from __future__ import annotations

import numpy as np
import pytest

from memento import rng
from memento.simulate.pool import Pool, Ring

from .stories import story

TOLD = ("memories.births_per_session=1.5",)


@pytest.fixture
def pool() -> Pool:
    plan = story("tiny", 7, *TOLD).plan
    return Pool(plan.memories, len(plan.graph), 7)


def test_bounds_and_newest_match_a_scan(pool: Pool) -> None:
    created = pool.memories.created_at
    instants = np.sort(np.concatenate([created, created - 1, created + 1]))
    bounds = pool.bound(instants)
    assert np.array_equal(bounds, [(created <= instant).sum() for instant in instants])
    for bound, rows in zip(bounds, pool.newest(bounds, 9), strict=True):
        assert rows[rows >= 0].tolist() == list(range(bound))[::-1][:9]


def test_newest_of_an_entity_matches_a_scan(pool: Pool) -> None:
    size, entities = len(pool.memories), int(pool.memories.entity.max()) + 1
    for entity in range(-1, entities):
        for bound in (0, 1, size // 2, size):
            rows = pool.newest_of(np.array([entity]), np.array([bound]), 5)[0]
            scan = [row for row in range(bound) if pool.memories.entity[row] == entity][::-1][:5]
            assert rows[rows >= 0].tolist() == scan


def test_a_ring_gives_each_row_once_and_stays_in_its_segment(pool: Pool) -> None:
    keys = rng.pair_keys(5, np.arange(200, dtype=np.uint64))
    segments = rng.integers(keys, int(pool.memories.entity.max()) + 1, 9)
    found = pool.topical.next(segments, keys, 500)
    for segment, rows in zip(segments, found, strict=True):
        rows = rows[rows >= 0]
        assert sorted(rows.tolist()) == np.flatnonzero(pool.memories.entity == segment).tolist()


def test_a_ring_draws_evenly(pool: Pool) -> None:
    keys = rng.pair_keys(6, np.arange(20_000, dtype=np.uint64))
    found = pool.everyone.next(np.zeros(len(keys), np.int64), keys, 5)
    hits = np.bincount(found.ravel(), minlength=len(pool.memories))
    assert hits.min() > 0.3 * hits.mean()
    assert hits.max() < 3 * hits.mean()


def test_a_missing_row_changes_only_draws_that_met_it() -> None:
    memories = story("tiny", 7, *TOLD).plan.memories
    rows = np.arange(len(memories))
    zeros = np.zeros(len(memories), np.int64)
    keys = rng.pair_keys(8, np.arange(500, dtype=np.uint64))
    segment = np.zeros(len(keys), np.int64)
    whole = Ring.of(memories, zeros, rows, 7).next(segment, keys, 4)
    part = Ring.of(memories, zeros[1:], np.delete(rows, 11), 7).next(segment, keys, 4)
    met = (whole == 11).any(axis=1)
    assert 0 < met.sum() < 100
    assert np.array_equal(whole[~met], part[~met])
    for before, after in zip(whole[met], part[met], strict=True):
        assert [row for row in before if row != 11] == after[:3].tolist()


def test_an_empty_ring(pool: Pool) -> None:
    none = Ring.of(pool.memories, np.zeros(0, np.int64), np.zeros(0, np.int64), 7)
    assert np.all(none.next(np.zeros(3, np.int64), np.arange(3, dtype=np.uint64), 4) == -1)
