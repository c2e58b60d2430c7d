from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import memento
from memento.errors import UsageError
from memento.models.frequency import Frequency
from memento.models.oracle import Oracle
from memento.models.random import Random
from memento.models.recency import Recency
from memento.models.signet import Signet
from memento.patterns.conjunction import Conjunction
from memento.patterns.gap import Gap
from memento.render.rendering import Spec
from memento.scenario import load
from memento.simulate import world as simulated
from memento.validate import contracts
from memento.validate.canary import Outcome
from memento.validate.contracts import CATALOG, Contracts
from memento.validate.episodes import DAY, Draw, Source, Stage
from memento.world.world import World

EPISODES = 60
PAGE = (Path(memento.__file__).parent.parent / "docs" / "contracts.md").read_text("utf-8")


@pytest.fixture(scope="module")
def every_rule() -> World:
    """The shipped scenario, cut to eight weeks."""
    return simulated(load("contracts", {"time.days": "56"}), 3)


@pytest.fixture(scope="module")
def source(every_rule: World) -> Source:
    return Source(every_rule)


@pytest.fixture(scope="module")
def oracle(every_rule: World) -> Contracts:
    return contracts.run(Oracle(), every_rule, episodes=EPISODES)


def by_measure(asked: Contracts) -> Mapping[tuple[str, str], Outcome]:
    return {(outcome.canary, outcome.measure): outcome for outcome in asked.outcomes}


def test_all_seven_are_asked_and_the_rule_itself_holds_them(oracle: Contracts) -> None:
    assert list(oracle.verdicts) == list(CATALOG)
    assert len(CATALOG) == 7
    for outcome in oracle.outcomes:
        assert outcome.share.n == EPISODES
        assert outcome.share.value >= 0.95, outcome
        assert outcome.oracle.value == outcome.share.value
    assert sum(o.threshold is not None for o in oracle.outcomes) == 7


def test_chance_is_what_a_random_order_gets(every_rule: World) -> None:
    for outcome in contracts.run(Random(seed=5), every_rule, episodes=EPISODES).outcomes:
        assert outcome.share.low - 0.1 <= outcome.chance <= outcome.share.high + 0.1, outcome


def test_one_column_holds_its_own_contract_alone(every_rule: World) -> None:
    found = {}
    for scorer in (Recency(), Frequency()):
        asked = contracts.run(scorer, every_rule, episodes=EPISODES).outcomes
        found[scorer.name] = {o.canary: o.share.value for o in asked if o.threshold is not None}
    assert found["recency"]["recency decay"] == 1.0
    assert found["frequency"]["frequency"] == 1.0
    for name in ("temporal cycle", "entity selectivity", "session gap", "combined pattern"):
        assert found["recency"][name] == found["frequency"][name] == 0.0


def test_what_cancels_in_the_softmax_is_out_of_a_linear_gates_reach(every_rule: World) -> None:
    """Whatever its weights are: twins differ in the hour, weekday and gap alone, which are equal for all candidates."""
    outcomes = by_measure(contracts.run(Signet(dimension=64, seed=11), every_rule, episodes=20))
    blind = {name for name in CATALOG if not CATALOG[name].linear}
    assert blind == {"temporal cycle", "session gap", "combined pattern"}
    for (name, measure), outcome in outcomes.items():
        if name in blind and "higher" in measure:
            assert outcome.share.value == 0.0, (name, measure)


def test_twins_differ_in_nothing_but_what_is_asked(source: Source) -> None:
    asked: Any = CATALOG["combined pattern"].question(source, Spec(), 12, 0)
    rendering = asked.scene.rendering
    features = rendering.features[asked.scene.rows].reshape(12, 4, 10, 17)
    candidate = [0, 1, 2, 10, 11, 12, 13, 14, 15, 16]
    for twin in (1, 2, 3):
        np.testing.assert_allclose(features[:, twin, :, candidate], features[:, 0, :, candidate], atol=1e-5)
    sessions = np.searchsorted(rendering.offsets, asked.scene.rows, side="right") - 1
    contexts = rendering.contexts[sessions].reshape(12, 4, 10, -1)
    np.testing.assert_array_equal(contexts, contexts[:, :1, :1].repeat(4, 1).repeat(10, 2))
    clock, weekday, gap = features[..., 3:5], features[..., 5:7], features[..., 9]
    np.testing.assert_array_equal(clock[:, 1], clock[:, 0])
    assert (np.abs(weekday[:, 1] - weekday[:, 0]).max(axis=(1, 2)) > 0.1).all()
    assert (np.abs(clock[:, 2] - clock[:, 0]).max(axis=(1, 2)) > 0.1).all()
    np.testing.assert_array_equal(weekday[:, 2], weekday[:, 0])
    assert (gap[:, 3] > gap[:, 0]).all()
    np.testing.assert_allclose(gap[:, :3], gap[:, :1].repeat(3, 1), atol=1e-4)


def test_a_session_has_the_gap_that_it_was_given(source: Source) -> None:
    stage = Stage(source, "gaps")
    for number, gap in enumerate((0.25, 4.0)):
        session = stage.session(Draw(1, "gap", number), source.topics[0], int(source.recent[0]), gap=gap)
        stage.offer(session, int(source.usable[0]), 3.0, 1)
    features = stage.scene(Spec()).rendering.features
    np.testing.assert_allclose(np.sort(np.expm1(features[:, 9])), [0.25, 4.0], atol=1 / DAY)


def test_a_world_without_the_rule_is_not_asked(world: World, worlds: Callable[..., World]) -> None:
    asked = contracts.run(Oracle(), world, episodes=10)
    assert asked.verdicts["session gap"] is None
    assert asked.verdicts["combined pattern"] is None
    assert asked.verdicts["recency decay"] is not None
    lean = contracts.run(Oracle(), worlds(patterns={"gap": {"weight": 0.5, "share": 1.0}}), episodes=10)
    assert set(lean.verdicts.values()) == {None}
    assert all(outcome.note for outcome in lean.outcomes)
    with pytest.raises(UsageError, match="planted patterns"):
        contracts.run(Oracle(), worlds(patterns={}))


def test_the_same_seed_asks_the_same(every_rule: World, oracle: Contracts) -> None:
    assert contracts.run(Oracle(), every_rule, episodes=EPISODES) == oracle


def test_plain_json(oracle: Contracts) -> None:
    plain = json.loads(json.dumps(oracle.to_json(), allow_nan=False))
    assert plain["schema"] == "memento.contracts/1"
    assert plain["linear_can"]["session gap"] is False
    assert plain["outcomes"][0]["contract"] == "temporal cycle"


def test_the_gap_rule_fades_with_the_gap_for_entities_with_open_work(every_rule: World) -> None:
    from memento.patterns.facts import of

    facts = of(every_rule)
    terms = Gap(weight=0.4, days=2.0, share=1.0).terms(facts)
    named = every_rule.memories["entity"][facts.memory] != ""
    there = named & (facts.gap_days > 0)
    np.testing.assert_allclose(terms[there], 0.4 * np.exp(-facts.gap_days[there] / 2.0), rtol=1e-12)
    assert not terms[~there].any()
    half = Gap(share=0.5).entities(tuple(f"e-{number}" for number in range(400)))
    assert 150 < half.sum() < 250
    assert (Conjunction(share=1.0, weekday=0).weekdays(("", "a", "b")) == [-1, 0, 0]).all()


def test_the_page_tells_what_the_catalogue_does() -> None:
    rows = re.findall(r"^\| `([a-z ]+)` \| (.*?) \| (yes|no) \| (.*?) \|$", PAGE, re.MULTILINE)
    told = {name: (asks, linear == "yes", why) for name, asks, linear, why in rows}
    assert told == {name: (CATALOG[name].asks, CATALOG[name].linear, CATALOG[name].why) for name in CATALOG}
