from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor

from memento import rng
from memento.errors import UsageError
from memento.models.base import Batch, Ranker, Sessions
from memento.models.oracle import Oracle
from memento.models.random import Random
from memento.models.recency import Recency
from memento.render.rendering import Spec, render
from memento.train import train
from memento.validate import canary
from memento.validate.canary import Canaries, Outcome
from memento.validate.episodes import Draw, Source, Stage
from memento.validate.intervals import wilson
from memento.validate.questions import ALL
from memento.validate.retrain import retrained
from memento.world.world import World

Worlds = Callable[..., World]
EPISODES = 60


class Constant(Ranker):
    """Gives every candidate the same score."""

    name: ClassVar[str] = "constant"

    def score(self, batch: Batch) -> Tensor:
        return torch.zeros_like(batch.features[..., 0])


def shares(canaries: Canaries) -> Mapping[tuple[str, str], Outcome]:
    return {(outcome.canary, outcome.measure): outcome for outcome in canaries.outcomes}


@pytest.fixture(scope="module")
def oracle(world: World) -> Canaries:
    return canary.run(Oracle(), world, episodes=EPISODES)


def test_all_canaries_are_asked(oracle: Canaries) -> None:
    assert set(oracle.verdicts) == set(ALL)
    assert {outcome.share.n for outcome in oracle.outcomes} == {EPISODES}
    thresholds = {o.canary: o.threshold for o in oracle.outcomes if o.threshold is not None}
    assert thresholds == {
        "selective copying": 0.90,
        "temporal induction": 0.85,
        "recency ordering": 0.95,
        "supersession": 0.90,
        "combined pattern": 0.70,
    }
    assert sum(o.threshold is not None for o in oracle.outcomes) == 5


def test_the_rule_itself_is_always_right_where_all_else_is_held(oracle: Canaries) -> None:
    for outcome in oracle.outcomes:
        if "free" not in outcome.measure:
            assert outcome.share.value == 1.0, outcome
            assert outcome.oracle.value == 1.0
    natural = next(o for o in oracle.outcomes if "free" in o.measure)
    assert natural.oracle.value < 1.0


def test_every_canary_has_a_sharp_form(oracle: Canaries) -> None:
    assert set(oracle.sharp) == set(ALL)
    asked = {(o.canary, o.measure): o.sharp for o in oracle.outcomes if o.sharp is not None}
    assert asked[("temporal induction", "higher at its hour than twelve hours off")] == 0.98
    assert asked[("recency ordering", "exact order of five, 60 to 365 days")] == 0.95
    assert asked[("supersession", "with the flag withheld, the newer used once")] == 0.90
    assert sum(name == "combined pattern" for name, _ in asked) == 3
    best = {o.canary: o.share.high for o in oracle.outcomes}
    assert best["temporal induction"] == 1.0


def test_one_sharp_form_that_falls_is_enough() -> None:
    fine = Outcome("a", "near", wilson(300, 300), 0.5, wilson(300, 300), 0.90, sharp=0.90)
    worse = replace(fine, measure="far", share=wilson(200, 300), threshold=None)
    assert worse.passed is None
    assert Canaries("m", 300, (fine,)).sharp == {"a": True}
    assert Canaries("m", 300, (fine, worse)).sharp == {"a": False}
    assert Canaries("m", 300, (worse, fine)).sharp == {"a": False}
    assert Canaries("m", 300, (worse, fine)).verdicts == {"a": True}
    assert Canaries("m", 300, (replace(fine, sharp=None),)).sharp == {"a": None}


def test_an_hour_apart_is_the_same_session_word_for_word(world: World) -> None:
    """Signet's form cannot tell the two apart, whatever its weights: the pair differs in the clock alone."""
    from memento.models.signet import Signet

    found = shares(canary.run(Signet(dimension=64, seed=3), world, episodes=20))
    assert found[("temporal induction", "higher at its hour than twelve hours off")].share.value == 0.0


def test_a_tie_is_never_right(world: World) -> None:
    for outcome in canary.run(Constant(), world, episodes=EPISODES).outcomes:
        assert outcome.share.value == 0.0, outcome
        assert outcome.passed in (False, None)


def test_chance_is_what_a_random_order_gets(world: World) -> None:
    drawn = canary.run(Random(seed=3), world, episodes=EPISODES)
    for outcome in drawn.outcomes:
        assert outcome.share.low - 0.1 <= outcome.chance <= outcome.share.high + 0.1, outcome


def test_recency_orders_by_age_and_knows_nothing_else(world: World) -> None:
    found = shares(canary.run(Recency(), world, episodes=EPISODES))
    assert found[("recency ordering", "exact order of five, 0.1 to 30 days")].share.value == 1.0
    assert found[("recency ordering", "exact order of five, 60 to 365 days")].share.value == 1.0
    assert found[("temporal induction", "higher at its hour than twelve hours off")].share.value == 0.0
    assert found[("combined pattern", "above the old one")].share.value == 1.0
    assert found[("combined pattern", "above the one off topic")].share.value == 0.0


def test_a_verdict_hangs_on_the_lower_end() -> None:
    one = Outcome("a", "b", wilson(282, 300), 0.5, wilson(300, 300), 0.90)
    assert one.share.value > 0.93
    assert one.passed is True
    assert replace(one, share=wilson(276, 300)).passed is False
    assert replace(one, threshold=None).passed is None


def test_the_same_seed_asks_the_same_and_another_does_not(world: World, oracle: Canaries) -> None:
    assert canary.run(Oracle(), world, episodes=EPISODES) == oracle
    a, b = (shares(canary.run(Random(), world, episodes=EPISODES, seed=s)) for s in (0, 1))
    assert a != b


def test_no_pattern_no_question(worlds: Worlds) -> None:
    with pytest.raises(UsageError, match="planted patterns"):
        canary.run(Oracle(), worlds(patterns={}))
    lean = canary.run(Oracle(), worlds(patterns={"recency": {"weight": 0.5, "decay_rate": 0.1}}), episodes=10)
    assert lean.verdicts["recency ordering"] is not None
    for name in ("selective copying", "temporal induction", "supersession", "combined pattern"):
        assert lean.verdicts[name] is None
        (outcome,) = (o for o in lean.outcomes if o.canary == name)
        assert outcome.share.n == 0
        assert outcome.note


def test_outcomes_are_plain_json(oracle: Canaries) -> None:
    plain = json.loads(json.dumps(oracle.to_json(), allow_nan=False))
    assert plain["schema"] == "memento.canaries/1"
    assert plain["verdicts"]["selective copying"] is True
    assert len(plain["outcomes"]) == len(oracle.outcomes)


def test_copying_episodes_are_alike_but_for_the_entity(world: World) -> None:
    asked: Any = ALL["selective copying"](Source(world), Spec(), 20, 0)
    rendering = asked.scene.rendering
    features = rendering.features[asked.scene.rows].reshape(20, 10, 17)
    for column in (0, 1, 2, *range(3, 10), 10, 11, 14, 16):
        np.testing.assert_array_equal(features[:, :, column], features[:, :1, column].repeat(10, 1))
    assert rendering.clean is not None
    clean = rendering.clean[asked.scene.rows].reshape(20, 10)
    assert (clean[:, :3].min(1) > clean[:, 3:].max(1)).all()


def test_recency_episodes_differ_in_age_alone(world: World) -> None:
    asked: Any = ALL["recency ordering"](Source(world), Spec(), 20, 0)
    rendering = asked.scene.rendering
    features = rendering.features[asked.scene.rows].reshape(20, 5, 17)
    np.testing.assert_array_equal(features[:, :, 1:], features[:, :1, 1:].repeat(5, 1))
    assert (np.diff(features[:, :, 0], axis=1) > 0).all()
    days = np.expm1(features[:, :, 0])
    assert days.min() > 0.1
    assert days.max() < 30


def test_no_place_in_the_list_tells_the_answer(world: World) -> None:
    asked: Any = ALL["selective copying"](Source(world), Spec(), 200, 0)
    places = asked.scene.rows.reshape(200, 10) - asked.scene.rendering.offsets[:-1][
        np.searchsorted(asked.scene.rendering.offsets, asked.scene.rows.reshape(200, 10)[:, 0], side="right") - 1
    ].reshape(200, 1)
    assert places[:, :3].mean() == pytest.approx(4.5, abs=0.5)


def test_memories_that_training_never_met_do_not_serve(world: World) -> None:
    seen = rng.hashes(world.sessions["id"][:4].tolist())
    offered = set(world.candidates["memory"][world.candidate_sessions < 4].tolist())
    few = Source(world, seen)
    assert set(world.memories["id"][few.usable].tolist()) <= offered
    assert len(few.usable) < len(Source(world).usable)


def test_replaced_memories_do_not_serve_as_current_ones(world: World) -> None:
    source = Source(world)
    gone = world.memories["deleted"]
    assert gone.any()
    assert not gone[source.usable].any()
    assert source.replacements
    assert all(gone[old] and not gone[new] for old, new in source.replacements)


def test_pairs_were_shown_as_replaced_where_any_was(world: World) -> None:
    source = Source(world)
    past = source.past(Spec())
    flagged = {past.memory_ids[row] for row in past.memory_rows[past.features[:, 11] > 0].tolist()}
    assert {world.memories["id"][old] for old, _ in source.replacements} <= flagged
    early = Source(world, rng.hashes(world.sessions["id"][:1].tolist()))
    assert len(early.past(Spec())) == 1


class Told(Ranker):
    """Ranks by the mean label that a memory had before, from the past alone."""

    name: ClassVar[str] = "told"

    def inputs(self, sessions: Sessions) -> Tensor:
        table = sessions.features.new_zeros(sessions.candidates + 1, 1)
        rows = torch.arange(sessions.candidates).split(sessions.lengths.tolist())
        for session, (since, until) in enumerate(sessions.past.tolist()):
            for row in rows[session].tolist():
                same = sessions.memories[: sessions.candidates] == sessions.memories[row]
                known = [r for s in range(since, until) for r in rows[s].tolist() if same[r]]
                table[row] = sessions.labels[known].mean() if known else 0.0
        return table

    def score(self, batch: Batch) -> Tensor:
        assert batch.inputs is not None
        return batch.inputs[..., 0]


def test_copies_are_known_by_what_was_seen_of_the_original(world: World) -> None:
    """The past is that of training alone, and a copy has that of the memory that it copies."""
    seen = rng.hashes(world.sessions["id"][:6].tolist())
    source = Source(world, seen)
    stage = Stage(source, "told")
    draw = Draw(0, "told")
    session = stage.session(draw, source.topics[0], int(source.recent[0]))
    rows = source.usable[:4].tolist()
    for row in rows:
        stage.offer(session, row, 3.0, 3)
    past = source.past(Spec())
    found = canary._scores(Told(), stage.scene(Spec()), past)
    ids = [past.memory_ids[row] for row in past.memory_rows.tolist()]
    means = []
    for row in rows:
        labels = [label for name, label in zip(ids, past.labels.tolist()) if name == world.memories["id"][row]]
        means.append(float(np.mean(labels)) if labels else 0.0)
    expected = np.exp(means) / np.exp(means).sum()
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert len(set(means)) > 1


def test_noise_lowers_what_a_scorer_can_answer(world: World) -> None:
    levels = (10.0, -10.0)
    asked: list[float] = []

    def again(level: float) -> Oracle:
        asked.append(level)
        return Oracle()

    outcomes = canary.robustness(again, world, levels=levels, episodes=20)
    assert asked == list(levels)
    assert len(outcomes) == 2 * len(ALL)
    assert {o.canary for o in outcomes} == {"noise robustness"}
    assert {o.passed for o in outcomes} == {None}
    assert "selective copying: exactly the three that match on top, -10 dB" in {o.measure for o in outcomes}


def test_a_run_is_trained_again_on_noisier_labels(world: World) -> None:
    rendering = render(world)
    run = train([(rendering, 1.0)], model="linear", epochs=2, seed=5)
    again = retrained(run, lambda commit: world, -10.0)
    assert again.config == run.config
    assert again.sources[0].digest != run.sources[0].digest
    assert render(canary.at_noise(world, -10.0)).noise["snr_db"] == -10.0
    np.testing.assert_array_equal(render(canary.at_noise(world, -10.0)).clean, rendering.clean)


def test_a_run_on_clean_labels_is_trained_again_on_noisy_ones(world: World) -> None:
    run = train([(render(world, Spec(labels="clean")), 1.0)], model="linear", epochs=1)
    loud, louder = (retrained(run, lambda commit: world, level) for level in (10.0, -10.0))
    assert loud.sources[0].spec["labels"] == "planted"
    assert loud.sources[0].digest != louder.sources[0].digest


def test_labels_that_follow_no_noise_are_not_trained_on_again(world: World) -> None:
    run = train([(render(world), 1.0)], model="linear", epochs=1)
    (source,) = run.sources
    observed = replace(run, sources=(replace(source, spec={**source.spec, "labels": "observed"}),))
    with pytest.raises(UsageError, match="observed"):
        retrained(observed, lambda commit: world, 0.0)


def test_a_world_that_plants_nothing_is_not_trained_on_again(world: World, worlds: Worlds) -> None:
    run = train([(render(world), 1.0)], model="linear", epochs=1)
    with pytest.raises(UsageError, match="plants no patterns"):
        retrained(run, lambda commit: worlds(patterns={}, noise={}), 0.0)
