"""Frequency amplification: scores rise with the number of accesses."""

from __future__ import annotations

import numpy as np

from memento.render.rendering import Spec
from memento.validate.asking import Asked, Flags, Floats, Measure, descending, grid, off_peak, planted
from memento.validate.contracts.contract import Contract
from memento.validate.episodes import Draw, Source, Stage

COPIES = 5
MOST = 100.0
"""Accesses of the most used copy: a step of the ladder is a factor of about 2.5."""


def question(source: Source, spec: Spec, episodes: int, seed: int) -> Asked | str:
    """Five copies of one memory, each used less than the one before."""
    if not planted(source, "frequency"):
        return "the world plants no frequency"
    if len(source.usable) == 0 or not source.topics:
        return "the world has no memories to copy"
    stage = Stage(source, "contract-frequency")
    for episode in range(episodes):
        draw = Draw(seed, "contract", "frequency", episode)
        at, topic, _, others = off_peak(source, draw)
        session = stage.session(draw, topic, at)
        for place in range(COPIES):
            count = (MOST + 1) ** ((COPIES - place - draw.uniform(0.2, 0.8)) / COPIES) - 1
            stage.offer(session, others[0], 10.0, round(count) + COPIES - 1 - place)
    return Asked(
        stage.scene(spec),
        (
            Measure("score and accesses correlate", _correlate, 0.5, 0.95, "Spearman's coefficient above 0"),
            Measure("exact order of five", descending(COPIES), 1 / 120, sharp=0.90),
        ),
    )


def _correlate(scores: Floats) -> Flags:
    """Whether Spearman's rank correlation of score and falling accesses is negative, ties at their mean rank."""
    of = grid(scores, COPIES)
    below = (of[:, None, :] < of[:, :, None]).sum(-1)
    tied = (of[:, None, :] == of[:, :, None]).sum(-1)
    ranks = below + 0.5 * (tied - 1)
    places = np.arange(COPIES) - (COPIES - 1) / 2
    return np.asarray(ranks @ places < -1e-9)


CONTRACT = Contract(
    asks="copies of one memory that differ in accesses alone: is the more used one scored higher?",
    linear=True,
    why="accesses differ between candidates, and the gate weighs their logarithm",
    question=question,
)
