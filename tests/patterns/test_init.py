from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

import memento.patterns as patterns
from memento.errors import InvalidFile, NotFound, UsageError
from memento.patterns import CATALOG, clean, from_manifest, relevance, total
from memento.patterns.facts import of
from memento.world.world import World
from patterns.worlds import PLANTED, worlds

INFRASTRUCTURE = {"__init__", "clock", "difficulty", "facts", "history", "noise", "pattern", "predictive"}


def test_every_file_has_a_row_and_every_row_a_file() -> None:
    files = {path.stem for path in Path(patterns.__file__).parent.glob("*.py")} - INFRASTRUCTURE
    assert files == {row.target.partition(":")[0].rpartition(".")[2] for row in CATALOG.rows.values()}


def test_patterns_stand_in_the_order_of_the_catalogue() -> None:
    backwards = {name: PLANTED[name] for name in reversed(PLANTED)}
    assert [pattern.name for pattern in from_manifest(backwards)] == [name for name in CATALOG if name in PLANTED]


def test_an_unknown_pattern_is_refused_with_the_nearest() -> None:
    with pytest.raises(NotFound, match="no pattern named 'recensy'") as caught:
        from_manifest({"recensy": {}})
    assert "did you mean recency" in str(caught.value)


def test_faults_of_all_patterns_are_told_at_once() -> None:
    with pytest.raises(InvalidFile) as caught:
        from_manifest({"recency": {"weight": 7}, "traversal": {"bonus": -1}})
    assert len(caught.value.faults) == 2
    assert caught.value.faults[0].startswith("recency: weight=7")


def test_nothing_planted_is_no_label(facts) -> None:
    with pytest.raises(UsageError, match="no planted patterns"):
        clean(facts(2), {})


def test_the_sum_is_clipped(facts) -> None:
    told = facts(2, age_days=[0.0, 1e4], superseded=[False, True], entity_match=[True, False])
    planted = {"recency": {"weight": 0.8}, "entity": {"weight": 0.8}, "supersession": {"penalty": 0.3}}
    assert total(told, planted).tolist() == pytest.approx([1.6, -0.3])
    assert clean(told, planted).tolist() == [1.0, 0.0]


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_labels_are_in_bounds_and_the_sum_of_their_terms(world: World) -> None:
    facts = of(world)
    terms = relevance(facts, PLANTED)
    labels = clean(facts, PLANTED)
    assert list(terms) == list(PLANTED)
    assert np.all((labels >= 0) & (labels <= 1))
    np.testing.assert_allclose(labels, np.clip(sum(terms.values()), 0, 1), atol=1e-12)
    np.testing.assert_array_equal(labels, clean(facts, from_manifest(PLANTED)))


@given(worlds())
@settings(max_examples=40, deadline=None)
def test_one_session_alone_has_the_labels_it_has_among_all(world: World) -> None:
    facts, offsets = of(world), world.offsets
    whole = clean(facts, PLANTED)
    for low, high in itertools.pairwise(offsets):
        np.testing.assert_array_equal(clean(facts.take(np.arange(low, high)), PLANTED), whole[low:high])
