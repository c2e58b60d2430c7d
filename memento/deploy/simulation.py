"""The story of a deployment: what happens at the start and at the end of every session, in the daemon's order."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from memento import rng
from memento.deploy import comparison, diversity, exploration, fusion, injection
from memento.deploy.alpha import MIN_CONFIDENCE, State
from memento.deploy.log import Log, Session
from memento.errors import UsageError
from memento.render.labels import signet
from memento.serve.gate import EPOCHS, Gate, retrain
from memento.serve.scorers import Served
from memento.train.signet import Sample

SCHEMA = "memento.deploy-sim/1"
LIMIT = 5_000
"""The newest sessions that the daemon's training reads."""


@dataclass(frozen=True)
class Settings:
    """How the daemon is set up.

    `trained`: a checkpoint counts as trained from the start; Signet's sidecar, and ours, count only the steps of the
    process, so without it nothing is scored before the first training. `retrain`: trainings take place. `rollback`:
    weights that do not pass the save gate are dropped, as the specification asks and the code does not. `telemetry`:
    training pairs are written, without which the cold start never ends. `explore` is the share of sessions that do.
    """

    trained: bool = False
    retrain: bool = True
    rollback: bool = False
    telemetry: bool = True
    explore: float = exploration.RATE
    epochs: int = EPOCHS
    limit: int = LIMIT
    seed: int = 0


@dataclass(frozen=True)
class Step:
    """One session as it went.

    `alpha` is what it was ranked with. `baseline` and `predictor` are NDCG@10 as the daemon measures them, `won` which
    was better; None where the scorer was not asked, with the reason in `why`. `truth` are NDCG@10 of all three orders
    against true relevance, `gain` the mean true relevance of what was injected and of what the baseline alone would
    have injected. `alike` is the share of injected pairs that are about the same, with and without diversity. `drift`
    and `gate` tell of the trainings that followed.
    """

    session: str
    time: int
    candidates: int
    alpha: float
    why: str
    injected: tuple[str, ...]
    explored: str
    baseline: float
    predictor: float | None
    won: bool
    confidence: float | None
    success_rate: float
    after: int
    cold: bool
    drift: bool
    gates: tuple[Gate, ...]
    truth: dict[str, float | None]
    gain: dict[str, float]
    alike: dict[str, float]

    def to_map(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "injected": list(self.injected), "gates": [each.to_map() for each in self.gates]}


@dataclass(frozen=True)
class Trace:
    """All sessions of a simulation, and how it was set up."""

    model: str
    settings: Settings
    steps: tuple[Step, ...]
    left_out: int


def simulate(
    served: Served, log: Log, settings: Settings | None = None, progress: Callable[[str], None] | None = None
) -> Trace:
    """Deploys a scorer on the sessions of a log, one after the other; it learns as it goes, and is changed by that.

    Features and the pool are those that the world recorded, whatever was injected here. Raises `UsageError` for
    embeddings of another length than the scorer's.
    """
    settings = settings or Settings()
    width = log.sessions[0].embeddings.shape[1]
    if served.dimension != width:
        raise UsageError(
            f"the model takes embeddings of {served.dimension} numbers, the rendering has {width}",
            f"render with --dimension {served.dimension}",
        )
    agent = _Agent(served, settings)
    steps = []
    for session in log.sessions:
        steps.append(agent.live(session))
        if progress is not None:
            progress(session.id)
    return Trace(served.name, settings, tuple(steps), log.left_out)


class _Agent:
    """The daemon with its sidecar."""

    def __init__(self, served: Served, settings: Settings) -> None:
        self.served = served
        self.settings = settings
        self.state = State()
        self.trained = settings.trained
        self.paired = 0
        self.wins: list[bool] = []
        self.since_training = 0
        self.samples: list[Sample] = []

    def live(self, session: Session) -> Step:
        """One session from start to end."""
        state = self.state
        baseline = np.arange(1, len(session) + 1)
        scores, why = self._scores(session)
        predicted = None if scores is None else fusion.ranks(scores)
        fused = fusion.fuse(baseline, predicted, state.alpha)
        adjusted = diversity.diversify(fused, session.embeddings)
        order = np.argsort(-adjusted, kind="stable").tolist()
        injected = injection.within_budget(order, session.lengths)
        explored = ""
        if predicted is not None and state.exited:
            drawn = float(rng.uniform(rng.key(self.settings.seed, "deploy", "explore", session.id))[()])
            swap = exploration.explore(order, injected, adjusted, baseline, predicted, drawn, self.settings.explore)
            if swap is not None:
                injected = [place for place in injected if place != swap[1]] + [swap[0]]
                explored = session.memories[swap[0]]
        self.state = state.started(self.trained, self.paired)
        plain = np.argsort(-fused, kind="stable").tolist()
        alone = np.argsort(-diversity.diversify(fusion.fuse(baseline, None, 1.0), session.embeddings), kind="stable")
        by_baseline = injection.within_budget(alone.tolist(), session.lengths)
        by_predictor = None if scores is None else np.argsort(-scores, kind="stable").tolist()
        ended = self._end(session, injected, by_predictor)
        everyone = range(len(session))
        truth = {
            "baseline": comparison.ndcg(baseline_order(session), session.true, everyone),
            "predictor": None if by_predictor is None else comparison.ndcg(by_predictor, session.true, everyone),
            "served": comparison.ndcg(order, session.true, everyone),
        }
        apart = injection.within_budget(plain, session.lengths)
        return Step(
            session=session.id,
            time=session.time,
            candidates=len(session),
            alpha=state.alpha,
            why=why,
            injected=tuple(session.memories[place] for place in injected),
            explored=explored,
            confidence=None if math.isnan(session.confidence) else session.confidence,
            success_rate=self.state.success_rate,
            after=self.state.after,
            cold=not state.exited,
            truth=truth,
            gain={"served": _mean(session, injected), "baseline": _mean(session, by_baseline)},
            alike={
                "served": diversity.redundancy(session.embeddings[injected]),
                "without": diversity.redundancy(session.embeddings[apart]),
            },
            **ended,
        )

    def _scores(self, session: Session) -> tuple[Any, str]:
        if not self.trained:
            return None, "not trained yet"
        if not self.served.lenient and not session.whole:
            return None, "a candidate has no embedding"
        return self.served.scores(session.sample(texts=False)), ""

    def _end(self, session: Session, injected: list[int], by_predictor: list[int] | None) -> dict[str, Any]:
        """What the end of a session does: comparison, success rate, drift, training, and training pairs."""
        before = comparison.ndcg(baseline_order(session), session.relevance, injected)
        predictor = None if by_predictor is None else comparison.ndcg(by_predictor, session.relevance, injected)
        won = predictor is not None and predictor > before
        self._remember(session, injected)
        drift, gates = False, []
        if not math.isnan(session.score):  # no score, no comparison
            confidence = 0.0 if math.isnan(session.confidence) else session.confidence
            self.wins.append(won)
            if predictor is not None:
                self.state = self.state.compared(won, confidence)
            drift = comparison.drifting(self.wins)
            if drift:
                self.state = self.state.reset()
                gates.append(self._train())
            self.since_training += 1
            if self.since_training >= comparison.TRAIN_EVERY:
                gates.append(self._train())
                self.since_training = 0
        if self.settings.telemetry:
            self.paired += 1
        done = tuple(each for each in gates if each is not None)
        return {"baseline": before, "predictor": predictor, "won": won, "drift": drift, "gates": done}

    def _remember(self, session: Session, injected: list[int]) -> None:
        """A training sample, as the sidecar reads it: only of sessions that were scored with confidence."""
        if math.isnan(session.score) or not session.confidence >= MIN_CONFIDENCE:
            return
        inside = np.zeros(len(session), bool)
        inside[injected] = True
        labels = signet(
            deleted=np.zeros(len(session), bool),
            injected=inside,
            relevance=np.where(inside, session.relevance, np.nan),
            fts_hits=session.hits,
            access_count=session.accesses,
            score=np.full(len(session), session.score),
            novel_context_count=np.full(len(session), session.novel),
        )
        self.samples.insert(0, session.sample(labels))

    def _train(self) -> Gate | None:
        if not self.settings.retrain:
            return None
        kept = copy.deepcopy(self.served) if self.settings.rollback else None
        samples = self.samples[: self.settings.limit]
        found = retrain(self.served, samples, self.settings.epochs)
        if found is None:
            return None
        if kept is not None and not found.holds:
            self.served = kept
            self.served.remember(samples)
            return found
        self.trained = self.trained or found.steps > 0
        return found


def baseline_order(session: Session) -> list[int]:
    """Candidates by effective score, as the comparison sorts them; equals as they stand."""
    order: list[int] = np.argsort(-session.effective, kind="stable").tolist()
    return order


def _mean(session: Session, injected: list[int]) -> float:
    return float(session.true[injected].mean()) if injected else 0.0
