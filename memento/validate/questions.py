"""What each canary asks: its episodes, and when an answer is right.

A question gives `Asked`, or, where the world does not plant what it is about, the reason in words.
The measure with a threshold bears the verdict; those marked `sharp` leave no way past the pattern: a pair
that differs in one thing, far ages, a flag that is withheld, balanced pairs.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from memento.render.rendering import Spec
from memento.validate.asking import (
    AGE,
    RISE,
    Asked,
    Flags,
    Floats,
    Measure,
    Question,
    above,
    descending,
    first_on_top,
    grid,
    off_peak,
    offers,
    planted,
    withheld,
)
from memento.validate.episodes import Draw, Source, Stage


def selective_copying(source: Source, spec: Spec, episodes: int, seed: int) -> Asked | str:
    """Ten memories alike but for their entity, three of them about the topic: are those the top three?"""
    if not planted(source, "entity"):
        return "the world plants no preference for the topic"
    if len(source.topics) < 2:
        return "the world has fewer than two topics with memories"
    controlled, natural = Stage(source, "copying"), Stage(source, "copying-natural")
    for episode in range(episodes):
        draw = Draw(seed, "canary", "selective copying", episode)
        at, topic, about, others = off_peak(source, draw)
        age = draw.uniform(*AGE)
        session = controlled.session(draw, topic, at)
        for row in [*about, *others]:
            controlled.offer(session, row, age, 3)
        at = int(draw.one(source.recent))
        session = natural.session(draw, topic, at)
        mixed = [row for row in source.usable.tolist() if source.world.memories["entity"][row] != topic]
        for row in [*draw.some(source.of_entity[topic], 3), *draw.some(np.array(mixed, np.int64), 7)]:
            natural.offer(session, row, draw.uniform(0, 40), int(draw.uniform(0, 30)), importance=draw.uniform(0, 1))
    top = _top_three(10)
    return Asked(
        controlled.scene(spec),
        (
            Measure(
                "exactly the three that match on top",
                top,
                1 / 120,
                0.90,
                "ten memories alike but for their entity",
                sharp=0.90,
            ),
            Measure("more than half of the three on top", _most_of_three(10), 22 / 120),
            Measure(
                "exactly the three, other columns free",
                top,
                1 / 120,
                None,
                "other planted terms outrank the match, so the rule itself falls short",
                natural.scene(spec),
            ),
        ),
    )


def temporal_induction(source: Source, spec: Spec, episodes: int, seed: int) -> Asked | str:
    """A memory that mattered at its hour in past sessions: does it rise in a new one at that hour?"""
    if source.temporal is None or source.temporal.weight * source.temporal.strength == 0:
        return "the world plants no hours"
    peaked = source.usable[source.peak_hour[source.usable] >= 0]
    seen = source.seen_at_peak()[peaked]
    known = peaked[seen >= min(3, int(seen.max(initial=0)))] if len(peaked) else peaked
    if len(known) == 0 or len(source.topics) < 2:
        return "no memory with an hour was ever offered at it"
    stage = Stage(source, "induction")
    for episode in range(episodes):
        draw = Draw(seed, "canary", "temporal induction", episode)
        target = int(draw.one(known))
        hour, weekday = int(source.peak_hour[target]), int(source.peak_weekday[target])
        days = source.recent if weekday < 0 else source.recent[source.weekdays[source.recent] == weekday]
        at = int(draw.one(days if len(days) else source.recent))
        day, off = int(source.weekdays[at]) if weekday < 0 or not len(days) else weekday, (hour + 12) % 24
        entity = source.world.memories["entity"]
        topic = draw.one([name for name in source.topics if name != entity[target]])
        calm = source.usable[
            ~source.matching(source.usable, hour, day)
            & ~source.matching(source.usable, off, day)
            & (entity[source.usable] != topic)
        ]
        calm = calm[calm != target]
        others = draw.some(calm if len(calm) else source.usable[source.usable != target], 9)
        age = draw.uniform(*AGE)
        right = stage.session(draw, topic, at, hour)
        wrong = stage.twin(right, hour=off)
        for row in [target, *others]:
            offered = stage.offer(right, row, age, 3)
            stage.again(wrong, offered)
    at_hour, apart = offers(episodes, 20, 0, 20, 2), offers(episodes, 20, 1, 20, 2)
    return Asked(
        stage.scene(spec),
        (
            Measure(
                "above the median at its hour", lambda s: s[at_hour][:, 0] > np.median(s[at_hour], axis=1), 0.5, 0.85
            ),
            Measure(
                "higher at its hour than twelve hours off",
                lambda s: s[at_hour][:, 0] > s[apart][:, 0] + RISE,
                0.5,
                None,
                "the same session and candidates but for the hour",
                sharp=0.98,
            ),
            Measure("highest at its hour", lambda s: s[at_hour][:, 0] > s[at_hour][:, 1:].max(axis=1), 0.1),
        ),
    )


def recency_ordering(source: Source, spec: Spec, episodes: int, seed: int) -> Asked | str:
    """Five copies of one memory that differ in age alone: newest first?"""
    if not planted(source, "recency"):
        return "the world plants no recency"
    if len(source.usable) == 0 or not source.topics:
        return "the world has no memories to copy"
    stages = {"near": (Stage(source, "recency"), 0.1, 30.0), "far": (Stage(source, "recency-far"), 60.0, 365.0)}
    for stage, low, high in stages.values():
        for episode in range(episodes):
            draw = Draw(seed, "canary", stage.name, episode)
            at, topic, _, others = off_peak(source, draw)
            session = stage.session(draw, topic, at)
            step = (high / low) ** (1 / 5)
            for place in range(5):
                stage.offer(session, others[0], low * step ** (place + draw.uniform(0.1, 0.9)), 0)
    near, far = (stage.scene(spec) for stage, _, _ in stages.values())
    exact, newest = descending(5), first_on_top(5)
    return Asked(
        near,
        (
            Measure("exact order of five, 0.1 to 30 days", exact, 1 / 120, 0.95, sharp=0.95),
            Measure("newest first, 0.1 to 30 days", newest, 0.2),
            Measure(
                "exact order of five, 60 to 365 days",
                exact,
                1 / 120,
                None,
                "where the logarithm of age is flat",
                far,
                0.95,
            ),
            Measure("newest first, 60 to 365 days", newest, 0.2, None, "", far),
        ),
    )


def supersession(source: Source, spec: Spec, episodes: int, seed: int) -> Asked | str:
    """A memory and the newer one that replaced it: is the newer one above?"""
    if not planted(source, "supersession"):
        return "the world plants no penalty on what was replaced"
    pairs = source.replacements
    if not pairs or not source.topics:
        return "no memory of the world was ever replaced"
    stages = [Stage(source, "supersession"), Stage(source, "supersession-new")]
    for stage, (old_accesses, new_accesses) in zip(stages, ((3, 3), (20, 1)), strict=True):
        for episode in range(episodes):
            draw = Draw(seed, "canary", "supersession", episode)
            old, new = draw.one(pairs)
            at, topic, _, others = off_peak(source, draw, besides=(old, new))
            session = stage.session(draw, topic, at)
            age = draw.uniform(8, 25)
            newer = age - draw.uniform(2, 7)
            stage.offer(session, new, newer, new_accesses)
            stage.offer(
                session, old, age, old_accesses, deleted=True, superseded_by=stage.identity(len(stage.rows) - 1)
            )
            for row in others[:6]:
                stage.offer(session, row, draw.uniform(*AGE), 3)
    flagged, fresh = (stage.scene(spec) for stage in stages)
    newer_first = above(8, 0, 1)
    return Asked(
        flagged,
        (
            Measure("the newer above the older", newer_first, 0.5, 0.90),
            Measure(
                "with the flag withheld",
                newer_first,
                0.5,
                None,
                "column 11 set to 0, as Signet serves",
                withheld(flagged),
                0.90,
            ),
            Measure(
                "with the flag withheld, the newer used once",
                newer_first,
                0.5,
                None,
                "the older was used 20 times",
                withheld(fresh),
                0.90,
            ),
        ),
    )


def combined_pattern(source: Source, spec: Spec, episodes: int, seed: int) -> Asked | str:
    """Topic, hour and recency together against a candidate that lacks exactly one of the three."""
    needed = [name for name in ("entity", "temporal", "recency") if not planted(source, name)]
    if needed or source.temporal is None or source.temporal.weight * source.temporal.strength == 0:
        return f"the world does not plant {' or '.join(needed or ['temporal'])}"
    found = _conjunctions(source)
    if not found:
        return "no topic has a memory at its hour and one that is not"
    stage = Stage(source, "combined")
    for episode in range(episodes):
        draw = Draw(seed, "canary", "combined pattern", episode)
        at, topic = draw.one(found)
        hour, weekday = int(source.hours[at]), int(source.weekdays[at])
        own, entity = source.of_entity[topic], source.world.memories["entity"]
        at_peak = source.matching(own, hour, weekday)
        foreign = source.usable[entity[source.usable] != topic]
        foreign_peak = source.matching(foreign, hour, weekday)
        target = int(draw.one(own[at_peak]))
        session = stage.session(draw, topic, at)
        fresh, old = draw.uniform(0.2, 1.0), draw.uniform(25, 30)
        stage.offer(session, target, fresh, 3)
        stage.offer(session, int(draw.one(foreign[foreign_peak])), fresh, 3)
        stage.offer(session, int(draw.one(own[~at_peak])), fresh, 3)
        stage.offer(session, target, old, 3)
        for row in draw.some(foreign[~foreign_peak], 6):
            stage.offer(session, row, old, 3)
    each_of = offers(episodes, 10, 0, 10, 1)
    lacking = 1 + np.arange(episodes) % 3
    each = np.arange(episodes)

    def without(which: int) -> Callable[[Floats], Flags]:
        return lambda s: s[each_of][:, 0] > s[each_of][:, which]

    return Asked(
        stage.scene(spec),
        (
            Measure(
                "above the one that lacks one of three",
                lambda s: s[each_of][:, 0] > s[each_of][each, lacking],
                0.5,
                0.70,
                "topic, hour or age off, each in a third of the pairs",
            ),
            Measure("above the one off topic", without(1), 0.5, sharp=0.70),
            Measure("above the one off its hour", without(2), 0.5, sharp=0.70),
            Measure("above the old one", without(3), 0.5, sharp=0.70),
            Measure("above all three", lambda s: s[each_of][:, 0] > s[each_of][:, 1:4].max(axis=1), 0.25),
        ),
    )


ALL: dict[str, Question] = {
    "selective copying": selective_copying,
    "temporal induction": temporal_induction,
    "recency ordering": recency_ordering,
    "supersession": supersession,
    "combined pattern": combined_pattern,
}
"""Every canary that is asked of one scorer; the sixth, noise robustness, asks these of several."""


def _conjunctions(source: Source) -> list[tuple[int, str]]:
    """Clocks and topics with a memory at its hour, one off it, and a memory of another entity at its hour."""
    entity = source.world.memories["entity"]
    found = []
    for at in source.recent.tolist():
        hour, weekday = int(source.hours[at]), int(source.weekdays[at])
        matching = source.matching(source.usable, hour, weekday)
        for topic in source.topics:
            own = entity[source.usable] == topic
            if (
                (own & matching).any()
                and (own & ~matching).any()
                and (~own & matching).any()
                and (~own & ~matching).any()
            ):
                found.append((at, topic))
    return found


def _top_three(size: int) -> Callable[[Floats], Flags]:
    return lambda s: grid(s, size)[:, :3].min(axis=1) > grid(s, size)[:, 3:].max(axis=1)


def _most_of_three(size: int) -> Callable[[Floats], Flags]:
    def right(scores: Floats) -> Flags:
        of = grid(scores, size)
        beaten_by = (of[:, 3:, None] >= of[:, None, :3]).sum(axis=1)
        ahead = beaten_by + (of[:, None, :3] > of[:, :3, None]).sum(axis=1)
        return np.asarray((ahead < 3).sum(axis=1) >= 2)

    return right
