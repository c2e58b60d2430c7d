"""The published effect of junk: content of low quality takes more time, and drives interest away.

Two arms of the same agents, with the same draws: one is offered documents with quality below 0 alone, one those above.
A bad document takes ``sigma(-q) l > l / 2`` of time, a good one less; yet interest moves by ``s q (x - u)``, away from
what is bad, so that less and less of it is liked (Mladenov et al. 2021, arXiv 2103.08057).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from memento.errors import UsageError
from memento.population import corpus, user
from memento.population.choice import NONE, choose
from memento.population.corpus import Corpus
from memento.population.story import Draw, Story, Values, Variable

TOPICS, SLATE, WINDOW = 10, 5, 10


@dataclass(frozen=True)
class Arm:
    """What one arm saw: time per pick, and over the first and last ten steps the mean affinity to what was offered and
    the share of slates that were picked from."""

    name: str
    time: float
    affinity: tuple[float, float]
    picked: tuple[float, float]


def junk(agents: int = 100, steps: int = 100, documents: int = 200, seed: int = 0) -> tuple[Arm, Arm]:
    """Both arms, junk first. Raises `UsageError` for sizes that tell nothing."""
    if agents < 1 or steps < 2 * WINDOW or documents < TOPICS:
        raise UsageError(
            f"{agents} agents, {steps} steps and {documents} documents tell nothing",
            f"take at least 1 agent, {2 * WINDOW} steps and {TOPICS} documents",
        )
    return _arm("junk", -1, agents, steps, documents, seed), _arm("good", 1, agents, steps, documents, seed)


def _arm(name: str, sign: int, agents: int, steps: int, documents: int, seed: int) -> Arm:
    told = list(Story(_variables(sign, agents, documents)).run(seed, steps))
    picks = np.concatenate([state["time"][state["choice"] != NONE] for state in told])
    liked = [float(np.mean(state["affinity"])) for state in told]
    taken = [float(np.mean(state["choice"] != NONE)) for state in told]
    return Arm(name, float(np.mean(picks)) if len(picks) else 0.0, _ends(liked), _ends(taken))


def _ends(values: Sequence[float]) -> tuple[float, float]:
    return sum(values[:WINDOW]) / WINDOW, sum(values[-WINDOW:]) / WINDOW


def _variables(sign: int, agents: int, count: int) -> list[Variable]:
    everyone = np.arange(agents)

    def written(draw: Draw, _: Values) -> Corpus:
        topic = np.minimum((draw.uniform("topic", count) * TOPICS).astype(np.int64), TOPICS - 1)
        made = corpus.documents(draw, topic, TOPICS)
        # Both arms have as many documents with the same features; only the sign of their quality differs.
        return Corpus(made.topic, made.features, sign * np.abs(made.quality), made.length)

    def offered(draw: Draw, _: Values, before: Values | None = None) -> Any:
        return np.argsort(draw.uniform("slate", agents, count), axis=1, kind="stable")[:, :SLATE]

    def liked(_: Draw, now: Values, before: Values | None = None) -> Any:
        return user.affinity(now["interest"], now["corpus"].features[now["slate"]])

    def chosen(draw: Draw, now: Values, before: Values | None = None) -> Any:
        return choose(now["affinity"], draw.uniform("choice", agents))

    def spent(_: Draw, now: Values, before: Values | None = None) -> Any:
        document = now["slate"][everyone, now["choice"]]
        took = user.time_of(now["corpus"].quality[document], now["corpus"].length[document])
        return np.where(now["choice"] == NONE, 0.0, took)

    def moved(draw: Draw, _: Values, before: Values) -> Any:
        there = before["corpus"]
        document = before["slate"][everyone, before["choice"]]
        quality = np.where(before["choice"] == NONE, 0.0, there.quality[document])
        noise = draw.normal("noise", agents, TOPICS, sd=0.01)
        return user.evolved(before["interest"], there.features[document], quality, noise)

    needed = ("interest", "corpus", "slate")
    return [
        Variable("corpus", written),
        Variable("interest", lambda draw, _: draw.normal("interest", agents, TOPICS), moved,
                 previous=("interest", "corpus", "slate", "choice")),
        Variable("slate", offered, offered),
        Variable("affinity", liked, liked, needed, needed),
        Variable("choice", chosen, chosen, ("affinity",), ("affinity",)),
        Variable("time", spent, spent, ("corpus", "slate", "choice"), ("corpus", "slate", "choice")),
    ]  # fmt: skip
