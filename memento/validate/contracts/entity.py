"""Entity slot selectivity: which of two entities is above hangs on what the session is about."""

from __future__ import annotations

import numpy as np

from memento.render.rendering import Spec
from memento.validate.asking import AGE, Asked, Flags, Floats, Measure, planted
from memento.validate.contracts.contract import Contract, shares
from memento.validate.episodes import Draw, Source, Stage

TRIES = 30
"""Draws of a clock and two topics until each has a memory that does not matter at that hour anyway."""


def question(source: Source, spec: Spec, episodes: int, seed: int) -> Asked | str:
    """Two sessions about one topic each, with the same ten memories, one of either topic among them."""
    if not planted(source, "entity"):
        return "the world plants no preference for the topic"
    if len(source.topics) < 3:
        return "the world has fewer than three topics with memories"
    entity = source.world.memories["entity"]
    told, silent = Stage(source, "contract-entity"), Stage(source, "contract-entity-slot")
    for episode in range(episodes):
        draw = Draw(seed, "contract", "entity selectivity", episode)
        for _ in range(TRIES):
            at = int(draw.one(source.recent))
            calm = source.usable[~source.matching(source.usable, int(source.hours[at]), int(source.weekdays[at]))]
            first = draw.one(source.topics)
            topics = (first, draw.one([name for name in source.topics if name != first]))
            quiet = [calm[entity[calm] == name] for name in topics]
            if all(map(len, quiet)):
                break
        rows = [int(draw.one(own if len(own) else source.of_entity[name])) for own, name in zip(quiet, topics)]
        foreign = calm[~np.isin(entity[calm], topics)]
        rest = source.usable[~np.isin(entity[source.usable], topics)]
        others = draw.some(foreign if len(foreign) else rest, 8)
        age, text = draw.uniform(*AGE), str(source.world.memories["text"][others[0]])
        for stage, alike in ((told, {}), (silent, {"text": text})):
            for topic in topics:
                session = stage.session(draw, topic, at)
                for row in [*rows, *others]:
                    stage.offer(session, row, age, 3, **alike)
    return Asked(
        told.scene(spec),
        (
            Measure("each above the other in its own session", _swapped, 0.25, 0.90),
            Measure("each the best of ten in its own session", _on_top, 0.01, sharp=0.90),
            Measure(
                "each above the other, texts alike",
                _swapped,
                0.25,
                None,
                "nothing but the slots of columns 12 and 13 tells them apart",
                silent.scene(spec),
            ),
        ),
    )


def _swapped(scores: Floats) -> Flags:
    of = shares(scores, 2)
    return np.asarray((of[:, 0, 0] > of[:, 0, 1]) & (of[:, 1, 1] > of[:, 1, 0]))


def _on_top(scores: Floats) -> Flags:
    of = shares(scores, 2)
    first = of[:, 0, 0] > of[:, 0, 1:].max(axis=1)
    return np.asarray(first & (of[:, 1, 1] > of[:, 1, [0, *range(2, 10)]].max(axis=1)))


CONTRACT = Contract(
    asks="two topics, one memory of each, a session about either: is each above the other in its own session?",
    linear=True,
    why="not by column 12, which is a hash, but by the product of the context's embedding and the memory's",
    question=question,
)
