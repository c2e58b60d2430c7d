"""The story of a deployment, on a small simulated world."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from memento.deploy import Log, Settings, simulate
from memento.deploy.simulation import _Agent
from memento.deploy.summary import document, summary
from memento.errors import UsageError
from memento.models.signet import Signet
from memento.render.rendering import Spec, render
from memento.scenario import load
from memento.serve.scorers import SequenceScorer, Served, SignetScorer
from memento.simulate import world as simulated
from memento.train import train
from memento.train.signet import Sample, Stats
from memento.world.world import World

MANY = {"memories.count": "160", "candidates.per_session": "60"}
"""More than fits into the context, so that it matters who is above."""


@pytest.fixture(scope="module")
def world() -> World:
    return simulated(load("tiny", {"time.days": "28", "memories.embedded_share": "1.0", **MANY}), 7)


@pytest.fixture(scope="module")
def log(world: World) -> Log:
    return Log(world, render(world))


class Knowing(Served):
    """Scores by what each memory is truly worth, which it is told; learns nothing."""

    name, dimension, lenient = "knowing", 64, True

    def __init__(self, log: Log, sign: float = 1.0) -> None:
        self.known = {session.id: sign * session.true for session in log.sessions}
        self.taught: list[Sample] = []

    def scores(self, sample: Sample) -> np.ndarray:
        weights = np.exp(4.0 * self.known[sample.session])
        return np.asarray(weights / weights.sum())

    def train(self, samples, epochs: int, temperature: float) -> Stats:  # type: ignore[no-untyped-def]
        self.taught = list(samples)
        return Stats(0.5, epochs * len(samples))

    def save(self, path: Path, flags: int) -> None:
        raise NotImplementedError

    def read_clock(self, features: np.ndarray) -> np.ndarray:
        return features


def test_the_log_has_the_live_pool_in_baseline_order(world: World, log: Log) -> None:
    assert len(log) > 30
    times = [session.time for session in log.sessions]
    assert times == sorted(times)
    for session in log.sessions:
        assert not session.features[:, 11].any()
        assert session.embeddings.shape == (len(session), 64)
        assert (session.true >= 0).all()
        assert session.lengths == tuple(map(len, session.texts))
    assert sum(map(len, log.sessions)) + log.left_out == len(render(world).labels)


def test_a_scorer_that_knows_takes_over(log: Log) -> None:
    trace = simulate(Knowing(log), log, Settings(trained=True))
    found = summary(trace)
    assert found.asked == found.sessions == len(log)
    assert trace.steps[0].alpha == 1.0
    first = next(number for number, step in enumerate(trace.steps) if not step.cold)
    assert first == 11  # ten sessions with training pairs, seen as the eleventh begins
    assert found.exit == 11
    assert all(step.alpha == 1.0 for step in trace.steps[:first])
    assert all(step.alpha >= 0.8 for step in trace.steps[first : first + 9])
    assert trace.steps[-1].alpha < 0.6
    assert found.truth["predictor"].value == pytest.approx(1.0)
    assert found.truth["served"].value > found.truth["baseline"].value
    assert found.margin.value >= 0.0
    assert found.truly.value > 0.9


def test_one_that_knows_the_contrary_is_held_down(log: Log) -> None:
    wrong = simulate(Knowing(log, sign=-1.0), log, Settings(trained=True))
    found = summary(wrong)
    assert found.drifts > 0
    assert found.wins.value < 0.3
    assert all(step.alpha >= 0.5 for step in wrong.steps)
    assert found.truth["served"].value > found.truth["predictor"].value


def test_a_checkpoint_is_not_trained_before_its_first_training(log: Log) -> None:
    trace = simulate(Knowing(log), log, Settings())
    reasons = [step.why for step in trace.steps]
    assert reasons[:10] == ["not trained yet"] * 10
    assert reasons[10] == ""
    assert len(trace.steps[9].gates) >= 1
    never = simulate(Knowing(log), log, Settings(retrain=False))
    assert {step.why for step in never.steps} == {"not trained yet"}
    assert summary(never).asked == 0
    assert summary(never).exit is None
    assert {step.gain["served"] - step.gain["baseline"] for step in never.steps} == {0.0}


@pytest.mark.parametrize("rollback", [False, True])
def test_each_training_tells_the_past_of_a_model_that_has_one(world: World, log: Log, rollback: bool) -> None:
    run = train([(render(world), 1.0)], model="sequence", epochs=0)
    served = SequenceScorer(run, sunday=False)
    agent = _Agent(served, Settings(trained=True, rollback=rollback, epochs=1))
    trained = 0
    for session in log.sessions:
        count = len(agent.samples)
        if agent.live(session).gates:
            trained = count + 1
        assert isinstance(agent.served, SequenceScorer)
        assert len(agent.served._sessions) == trained
    assert trained > 10


def test_without_telemetry_the_cold_start_never_ends(log: Log) -> None:
    trace = simulate(Knowing(log), log, Settings(trained=True, telemetry=False))
    assert summary(trace).exit is None
    assert {step.alpha for step in trace.steps} == {1.0}
    assert {step.explored for step in trace.steps} == {""}


def test_what_was_injected_is_all_that_is_learned_of(log: Log) -> None:
    served = Knowing(log)
    trace = simulate(served, log, Settings(trained=True))
    injected = {step.session: set(step.injected) for step in trace.steps}
    by_id = {session.id: session for session in log.sessions}
    assert served.taught
    for sample in served.taught:
        session = by_id[sample.session]
        outside = np.array([memory not in injected[sample.session] for memory in session.memories])
        quiet = outside & (session.hits == 0) & (session.accesses <= 10)
        assert (sample.labels[quiet] == 0.0).all()
        assert session.confidence >= 0.6


def test_exploration_lets_one_in_for_another(log: Log) -> None:
    trace = simulate(Knowing(log), log, Settings(trained=True, explore=1.0))
    explored = [step for step in trace.steps if step.explored]
    assert explored
    for step in explored:
        assert step.explored in step.injected
        assert not step.cold
    assert summary(trace).explored == len(explored)


def test_signets_own_scorer_refuses_a_session_with_a_candidate_without_an_embedding(world: World) -> None:
    some = Log(world, render(world))
    session = some.sessions[3]
    blank = session.embeddings.copy()
    blank[0] = 0.0
    some.sessions[3] = replace(session, embeddings=blank)
    trace = simulate(SignetScorer(Signet(dimension=64)), some, Settings(trained=True, retrain=False))
    assert [number for number, step in enumerate(trace.steps) if step.why] == [3]
    assert trace.steps[3].why == "a candidate has no embedding"


def test_rollback_drops_weights_that_do_not_pass(log: Log) -> None:
    first = Log.__new__(Log)
    first.sessions, first.left_out = log.sessions[:25], 0
    kept = simulate(SignetScorer(Signet(dimension=64)), first, Settings())
    back = simulate(SignetScorer(Signet(dimension=64)), first, Settings(rollback=True))
    gates = [gate for step in back.steps for gate in step.gates]
    assert not gates[0].holds  # from first weights the order turns over
    assert any(step.why == "" for step in kept.steps)
    scored = next((n for n, step in enumerate(back.steps) if step.why == ""), len(back.steps))
    passed = next((n for n, step in enumerate(back.steps) if any(g.holds for g in step.gates)), len(back.steps))
    assert scored > passed or scored == len(back.steps)


def test_the_same_is_told_twice_and_as_json(log: Log) -> None:
    settings = Settings(trained=True, seed=5)
    one, two = (document(simulate(Knowing(log), log, settings)) for _ in range(2))
    assert one == two
    plain = json.loads(json.dumps(one, allow_nan=False))
    assert plain["schema"] == "memento.deploy-sim/1"
    assert len(plain["trace"]) == plain["summary"]["sessions"] == len(log)
    assert plain["trace"][20]["truth"]["predictor"] == pytest.approx(1.0)


def test_what_does_not_fit_is_refused(world: World) -> None:
    narrow = Log(world, render(world, Spec(dimension=32)))
    with pytest.raises(UsageError, match="takes embeddings of 64"):
        simulate(SignetScorer(Signet(dimension=64)), narrow)
