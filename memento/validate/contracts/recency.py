"""Recency decay: scores fall with age, step by step."""

from __future__ import annotations

from memento.render.rendering import Spec
from memento.validate.asking import Asked, Measure, above, descending, off_peak, planted
from memento.validate.contracts.contract import Contract
from memento.validate.episodes import Draw, Source, Stage

STEPS = 8
LADDERS = {"0.1 to 30 days": (0.1, 30.0), "1 to 365 days": (1.0, 365.0)}
"""Ages of the ladders, days: within the horizon of the candidate pool, and far past it."""


def question(source: Source, spec: Spec, episodes: int, seed: int) -> Asked | str:
    """Eight copies of one memory, each older than the one before."""
    if not planted(source, "recency"):
        return "the world plants no recency"
    if len(source.usable) == 0 or not source.topics:
        return "the world has no memories to copy"
    scenes = []
    for number, (low, high) in enumerate(LADDERS.values()):
        stage = Stage(source, f"contract-recency-{number}")
        ratio = (high / low) ** (1 / STEPS)
        for episode in range(episodes):
            draw = Draw(seed, "contract", "recency decay", number, episode)
            at, topic, _, others = off_peak(source, draw)
            session = stage.session(draw, topic, at)
            for place in range(STEPS):
                stage.offer(session, others[0], low * ratio ** (place + draw.uniform(0.1, 0.9)), 0)
        scenes.append(stage.scene(spec))
    near, far = scenes
    order, ends = descending(STEPS), above(STEPS, 0, STEPS - 1)
    chance = 1 / 40_320
    return Asked(
        near,
        (
            Measure("falls at each of eight ages, 0.1 to 30 days", order, chance, 0.95, sharp=0.95),
            Measure("newest above oldest, 0.1 to 30 days", ends, 0.5),
            Measure("falls at each of eight ages, 1 to 365 days", order, chance, None, "", far, 0.95),
        ),
    )


CONTRACT = Contract(
    asks="copies of one memory that differ in age alone: does the score fall at every step?",
    linear=True,
    why="age differs between candidates, and the gate weighs its logarithm: any negative weight falls at every step",
    question=question,
)
