from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from patterns.worlds import DAY, NOISE, PLANTED, START, world_of

from memento.errors import NotFound, UsageError
from memento.patterns import clean
from memento.patterns.facts import Joined, of
from memento.patterns.noise import candidate_keys, noisy
from memento.render.labels import KINDS, Labeller, signet
from memento.world.world import World

NAN = float("nan")
PLAIN = {
    "deleted": False,
    "injected": True,
    "relevance": NAN,
    "fts_hits": 0,
    "access_count": 0,
    "score": 0.8,
    "novel_context_count": 0,
}


@pytest.mark.parametrize(
    ("given", "label"),
    [
        ({"relevance": 0.95, "fts_hits": 3}, 1.0),
        ({"score": 0.2}, 0.0),
        ({"injected": False, "fts_hits": 3, "novel_context_count": 2, "access_count": 12}, 0.75),
        ({"deleted": True, "relevance": 0.9}, -0.3),
        ({"score": 0.8}, 0.8),
        ({"score": 0.5}, 0.5),
        ({"score": 0.4}, 0.2),
        ({"score": 0.4, "fts_hits": 1}, 0.3),
        ({"relevance": 0.0, "score": 0.9}, 0.0),
        ({"relevance": 0.05, "score": 0.1}, 0.0),
        ({"relevance": 5.0}, 5.0),
        ({"relevance": 5.0, "fts_hits": 1}, 1.0),
        ({"relevance": 0.7, "access_count": 50}, 0.7),
        ({"injected": False}, 0.0),
        ({"injected": False, "novel_context_count": 2}, 0.0),
        ({"injected": False, "fts_hits": 1}, 0.3),
        ({"injected": False, "fts_hits": 2}, 0.6),
        ({"injected": False, "fts_hits": 1, "novel_context_count": 1}, 0.4),
        ({"injected": False, "access_count": 10}, 0.0),
        ({"injected": False, "access_count": 11}, 0.05),
        ({"injected": False, "relevance": 0.9}, 0.0),
    ],
)
def test_signets_rule(given: dict[str, object], label: float) -> None:
    assert float(signet(**{**PLAIN, **given})) == pytest.approx(label, abs=1e-12)  # type: ignore[arg-type]


@given(
    st.booleans(),
    st.booleans(),
    st.one_of(st.just(NAN), st.floats(0, 1)),
    st.integers(0, 9),
    st.integers(0, 99),
    st.floats(0, 1),
    st.integers(0, 9),
)
def test_signets_rule_stays_in_range(deleted, injected, relevance, hits, count, score, novel) -> None:
    label = float(
        signet(
            deleted=deleted,
            injected=injected,
            relevance=relevance,
            fts_hits=hits,
            access_count=count,
            score=score,
            novel_context_count=novel,
        )
    )
    assert -0.3 <= label <= 1.0


def small(**given: object) -> World:
    observed = given.pop("observed", [None, None, None, None])
    return world_of(
        entities=[{"id": "e-0"}],
        memories=[{"id": "m-0", "entity": "e-0"}, {"id": "m-1", "prior_accesses": 20}],
        sessions=[
            {"id": "s-0", "ended_at": START + DAY, "topic": "e-0", "score": 0.9, "confidence": 0.9},
            {"id": "s-1", "ended_at": START + 2 * DAY, "score": 0.9, "confidence": 0.5},
        ],
        candidates=[
            {"session": s, "memory": m, "rank": r, "injected": m == "m-0", "relevance": observed[2 * n + r]}
            for n, s in enumerate(("s-0", "s-1"))
            for r, m in enumerate(("m-0", "m-1"))
        ],
        **given,
    )


def values(world: World, kind: str) -> np.ndarray:
    joined = Joined(world)
    return Labeller(joined, kind).labels(joined.facts(), 0, len(world.sessions)).values


def test_planted_labels_are_clean_labels_with_noise() -> None:
    world = small()
    truth = clean(of(world), PLANTED)
    np.testing.assert_array_equal(values(world, "clean"), truth)
    np.testing.assert_array_equal(values(world, "planted"), noisy(truth, world.offsets, candidate_keys(world), NOISE))
    assert not np.array_equal(values(world, "planted"), truth)
    np.testing.assert_array_equal(values(small(noise={}), "planted"), truth)


def test_observed_labels_are_zero_where_nothing_was_seen() -> None:
    world = small(observed=[0.7, None, None, None], patterns={}, noise={})
    labeller = Labeller(Joined(world), "observed")
    assert labeller.sessions.tolist() == [True, False]
    assert values(world, "observed")[:2].tolist() == [0.7, 0.0]


def test_signet_labels_speak_of_scored_sessions() -> None:
    world = small(observed=[0.7, None, None, None], patterns={}, noise={})
    assert Labeller(Joined(world), "signet").sessions.tolist() == [True, False]
    assert values(world, "signet")[:2] == pytest.approx([0.7, 0.05])


def test_signet_labels_take_planted_relevance_for_what_was_injected() -> None:
    world = small()
    assert values(world, "signet")[0] == values(world, "planted")[0]


@pytest.mark.parametrize(
    ("kind", "given", "told"),
    [
        ("planted", {"patterns": {}}, "this world has none"),
        ("clean", {"patterns": {}}, "--labels observed"),
        ("observed", {}, "--labels planted"),
    ],
)
def test_what_a_world_lacks_is_named(kind: str, given: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError) as caught:
        Labeller(Joined(small(**given)), kind)
    assert told in str(caught.value)


def test_signet_labels_need_scores() -> None:
    world = small()
    without = world.replace(sessions=world.sessions.replace(score=np.full(2, np.nan)))
    with pytest.raises(UsageError, match="none of the 2 sessions"):
        Labeller(Joined(without), "signet")


def test_an_unknown_kind_is_refused_with_the_nearest() -> None:
    with pytest.raises(NotFound) as caught:
        Labeller(Joined(small()), "planed")
    assert "did you mean planted" in str(caught.value)
    assert set(KINDS) == {"planted", "clean", "observed", "signet"}
