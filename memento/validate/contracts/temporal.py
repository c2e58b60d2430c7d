"""Temporal cycle detection: what matters in the morning scores higher there than in the evening."""

from __future__ import annotations

import numpy as np

from memento.render.rendering import Spec
from memento.validate.asking import AGE, Asked, Measure
from memento.validate.contracts.contract import OTHERS, Contract, higher_than, offered, on_top
from memento.validate.episodes import Draw, Ints, Source, Stage

MORNING = range(3, 10)
"""Hours at which ``sin(2 pi h / 24) > 0.5``: the seed's ``tod_sin > 0.5``."""
EVENING = range(15, 22)
"""Hours at which it is below -0.5."""


def question(source: Source, spec: Spec, episodes: int, seed: int) -> Asked | str:
    """The same session in the morning, at the memory's hour, and in the evening."""
    cycle = source.temporal
    if cycle is None or cycle.weight * cycle.strength == 0:
        return "the world plants no hours"
    known = morning_memories(source)
    if len(known) == 0 or len(source.topics) < 2:
        return "no memory that matters in the morning was ever offered then"
    entity = source.world.memories["entity"]
    stage = Stage(source, "contract-temporal")
    for episode in range(episodes):
        draw = Draw(seed, "contract", "temporal cycle", episode)
        target = int(draw.one(known))
        hour, weekday = int(source.peak_hour[target]), int(source.peak_weekday[target])
        days = source.recent if weekday < 0 else source.recent[source.weekdays[source.recent] == weekday]
        at = int(draw.one(days if len(days) else source.recent))
        day = int(source.weekdays[at])
        shift = (weekday - day) % 7 if weekday >= 0 else 0
        apart = [e for e in EVENING if min(abs(e - hour), 24 - abs(e - hour)) > cycle.half_width]
        evening = int(draw.one(apart or [(hour + 12) % 24]))
        topic = draw.one([name for name in source.topics if name != entity[target]])
        others = draw.some(unmoved(source, (hour, evening), (day + shift) % 7, target, topic), OTHERS)
        session = stage.session(draw, topic, at, hour, days=shift)
        offered(stage, [session, stage.twin(session, hour=evening)], target, others, draw.uniform(*AGE))
    return Asked(
        stage.scene(spec),
        (
            Measure("higher in the morning than in the evening", higher_than(2, 1), 0.5, 0.85, sharp=0.98),
            Measure("the best of ten in the morning", on_top(2), 0.1),
        ),
    )


def morning_memories(source: Source) -> Ints:
    """Memories with an hour in the morning that training met at that hour, three times if it can be."""
    early = source.usable[np.isin(source.peak_hour[source.usable], list(MORNING))]
    seen = source.seen_at_peak()[early]
    return np.asarray(early[(seen > 0) & (seen >= min(3, int(seen.max(initial=0))))])


def unmoved(source: Source, hours: tuple[int, ...], weekday: int, besides: int, topic: str) -> Ints:
    """Memories of other topics that matter at none of some hours."""
    rows = source.usable[(source.usable != besides) & (source.world.memories["entity"][source.usable] != topic)]
    calm = rows
    for hour in hours:
        calm = calm[~source.matching(calm, hour, weekday)]
    return np.asarray(calm if len(calm) else rows)


CONTRACT = Contract(
    asks="one session, word for word, in the morning and the evening: does a morning's memory have more of the first?",
    linear=False,
    why="the hour is equal for all candidates of a session, so a linear gate's term for it cancels in the softmax",
    question=question,
)
