"""Combined pattern detection: weekday, morning and a short gap, which only count together."""

from __future__ import annotations

import numpy as np

from memento.patterns import from_manifest
from memento.patterns.conjunction import Conjunction
from memento.render.rendering import Spec
from memento.validate.asking import AGE, Asked, Measure
from memento.validate.contracts.contract import (
    OTHERS,
    Contract,
    higher_than,
    higher_than_all,
    higher_than_each_in_turn,
    moved_by_gap,
    offered,
)
from memento.validate.contracts.temporal import unmoved
from memento.validate.episodes import Draw, Source, Stage

TWINS = 4
"""Sessions of an episode: the one where all three hold, and one without the weekday, the hour, the gap."""


def question(source: Source, spec: Spec, episodes: int, seed: int) -> Asked | str:
    """A session at which all three hold, and three twins that each lack exactly one."""
    rule = next((p for p in from_manifest(source.world.manifest.patterns) if isinstance(p, Conjunction)), None)
    if rule is None or rule.weight == 0:
        return "the world plants no conjunction of weekday, hour and gap"
    entity = source.world.memories["entity"]
    names = tuple(dict.fromkeys(entity[source.usable].tolist()))
    own = dict(zip(names, rule.weekdays(("", *names))[1:].tolist(), strict=True))
    weekdays = np.array([own[name] for name in entity[source.usable].tolist()], np.int64)
    known = source.usable[weekdays >= 0]
    band = range(int(rule.first_hour), int(rule.last_hour))
    off = sorted({int(hour) for hour in source.hours.tolist() if hour not in band})
    gaps = source.gap_days[(source.gap_days > 0) & (source.gap_days < rule.gap_days)]
    late = source.gap_days[source.gap_days >= rule.gap_days]
    if len(known) == 0 or not band or not off or len(gaps) == 0 or len(source.topics) < 2:
        return "no session of the world meets weekday, hour and gap, or none lacks one of them"
    within = sorted({int(hour) for hour in source.hours.tolist() if hour in band}) or list(band)
    stage = Stage(source, "contract-combined")
    for episode in range(episodes):
        draw = Draw(seed, "contract", "combined pattern", episode)
        target, at = int(draw.one(known)), int(draw.one(source.recent))
        weekday = own[entity[target]]
        to_it, away = (weekday - int(source.weekdays[at])) % 7, 1 + int(draw.uniform(0, 6))
        hour, wrong = int(draw.one(within)), int(draw.one(off))
        topic = draw.one([name for name in source.topics if name != entity[target]])
        calm = unmoved(source, (hour, wrong), weekday, target, topic)
        never = calm[~moved_by_gap(source, calm)]
        else_when = np.array([own[name] not in (weekday, (weekday + away) % 7) for name in entity[calm].tolist()], bool)
        others = draw.some(never if len(never) else calm[else_when] if else_when.any() else calm, OTHERS)
        session = stage.session(draw, topic, at, hour, float(draw.one(gaps)), to_it)
        long = float(draw.one(late)) if len(late) else rule.gap_days * draw.uniform(1.1, 2.0)
        lacking = [stage.twin(session, days=away), stage.twin(session, hour=wrong), stage.twin(session, gap=long)]
        offered(stage, [session, *lacking], target, others, draw.uniform(*AGE))
    return Asked(
        stage.scene(spec),
        (
            Measure(
                "higher than where one of three is off",
                higher_than_each_in_turn(TWINS),
                0.5,
                0.70,
                "weekday, hour or gap, each in a third of the pairs",
            ),
            Measure("higher than on another weekday", higher_than(TWINS, 1), 0.5, sharp=0.70),
            Measure("higher than at another hour", higher_than(TWINS, 2), 0.5, sharp=0.70),
            Measure("higher than after a long gap", higher_than(TWINS, 3), 0.5, sharp=0.70),
            Measure("higher than all three", higher_than_all(TWINS), 0.25),
        ),
    )


CONTRACT = Contract(
    asks="a session on the weekday, in the morning, after a short gap; twins that lack one: do all three count most?",
    linear=False,
    why="weekday, hour and gap are equal for all candidates, so their terms cancel, and their product is no column",
    question=question,
)
