"""Worlds simulated again and simulated on, with common random numbers.

Every draw is keyed by (seed, stream, record id), so two simulations of one seed share all draws of the
records that both have (common random numbers: Law and Kelton 1991, ch. 11.2), and what differs between
them is caused by what was changed. Parameters with which nothing changes at all are not recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from memento.errors import InvalidFile, UsageError
from memento.patterns import clean, saying
from memento.patterns.facts import of as facts_of
from memento.scenario import Scenario, from_map
from memento.simulate import cut
from memento.simulate.clock import DAY, Span
from memento.simulate.past import adopted
from memento.simulate.story import SIMULATOR, Story, plan
from memento.world.records import LAST_TIME
from memento.world.values import format_time
from memento.world.world import World

FIRST = (
    "entities.domain", "entities.projects", "entities.count", "entities.aspects", "entities.dependencies_mean",
    "memories.count", "memories.history_days", "memories.access_alpha", "memories.access_limit", "memories.pinned",
)  # fmt: skip
"""Parameters of what is there when a world begins: they have no say in what comes later."""
SPAN = ("time.start", "time.days")
_MOST_DAYS = 36_500


def again(world: World, values: Mapping[str, str], since: int | None = None) -> World:
    """The world as it would have been under changed scenario parameters, by common random numbers.

    `values` are dotted keys with values as `memento.scenario.load` takes them; `since` is the instant,
    s UTC, from which they hold (None: from the start). What stood at `since` stays, edits included; from
    the start the whole world is told anew, and edits are no part of it but for changed patterns and
    noise. The world ends when it did, unless ``time.days`` is changed (from the start only).

    Raises `UsageError` for a world that was not simulated by this simulator, `InvalidFile` with all
    faults of the values.
    """
    return replay(world, values, since).world


def replay(world: World, values: Mapping[str, str], since: int | None = None) -> Story:
    """As `again`: the story of the part that is simulated, with its weeks."""
    if world.manifest.source == "simulated" and world.manifest.simulator != SIMULATOR:
        raise UsageError(
            f"this world was simulated by {world.manifest.simulator!r}, whose draws are not those of {SIMULATOR!r}",
            "generate it again: `memento generate SCENARIO`",
        )
    law, seed, end = law_of(world), world.manifest.seed, world.manifest.clock
    changed = law_of(world, values)
    if since is None:
        moved = any(changed[key] != law[key] for key in SPAN)
        return _quiet(Story(changed, seed, until=None if moved else end), world, law)
    faults = [f"{key} is fixed once a world has begun" for key in SPAN if changed[key] != law[key]]
    if faults:
        raise InvalidFile("--set", faults, "`memento extend BRANCH` makes a world longer")
    if since < int(world.entities["created_at"].min(initial=LAST_TIME)):
        raise UsageError(
            f"{format_time(since)} is before anything in this world was there",
            "generate it from the start: `memento generate`",
        )
    held = Scenario(changed.name, changed.summary, {**changed.values, **{key: law[key] for key in FIRST}})
    return _quiet(Story(held, seed, past=cut.at(world, since), until=end), world, law)


def extend(
    world: World,
    sessions: int | None = None,
    days: int | None = None,
    law: Scenario | None = None,
    seed: int | None = None,
) -> Story:
    """The story of a world that goes on from its present for some sessions, or for some whole days.

    `law` is the scenario to go on by (default: the world's own, with its patterns and noise as they are
    now). With `sessions` it ends when the last of so many has ended.

    Raises `UsageError` where nothing says how the world goes on, or it goes on without sessions.
    """
    own = world.manifest.source == "simulated"
    law = law_of(world) if law is None else law
    seed = world.manifest.seed if seed is None else seed
    settings = law.settings(seed)
    start = Span.of(settings if own else adopted(settings, world)).start
    passed = max(-(-(world.manifest.clock - start) // DAY), 0)
    if sessions is None:
        return Story(_lasting(law, passed + (days or 0)), seed, past=world)
    ahead = 7
    while True:
        ahead = min(2 * ahead, _MOST_DAYS - passed)
        ends = np.sort(plan(_lasting(law, passed + ahead), seed, world).sessions.ended_at)
        if len(ends) >= sessions:
            last = int(ends[sessions - 1])
            return Story(_lasting(law, -(-(last - start) // DAY)), seed, past=world, until=last)
        if ahead >= _MOST_DAYS - passed:
            raise UsageError(
                f"there are {len(ends)} sessions in the next {ahead:,} days, not {sessions:,}",
                "ask for fewer with --sessions, or for time with --days",
            )


def law_of(world: World, values: Mapping[str, str] | None = None) -> Scenario:
    """The scenario that a world goes on by, with its patterns and noise as they are, and `values` changed.

    Raises `UsageError` for a world that was not simulated.
    """
    manifest = world.manifest
    if manifest.source != "simulated":
        raise UsageError(
            f"this world was {manifest.source}, not simulated: no scenario says how it goes on",
            "`memento extend BRANCH --days 7 --scenario NAME` goes on by the law of a scenario",
        )
    tree = dict(manifest.scenario)
    recorded = from_map(tree, "the world's scenario")
    if saying(recorded.settings(manifest.seed).patterns) != saying(manifest.patterns):
        tree["patterns"] = {name: dict(values) for name, values in manifest.patterns.items()}
        for name in recorded.planted():
            tree["patterns"].setdefault(name, {recorded_factor(name): 0.0})
    tree["noise"] = dict(manifest.noise) or {"distribution": "none"}
    return from_map(tree, "--set" if values else "the world's scenario", overrides=dict(values or {}))


def recorded_factor(pattern: str) -> str:
    """The parameter that silences a pattern at 0."""
    from memento.patterns import CATALOG

    return str(CATALOG[pattern].factors[0])


def start_only(keys: Mapping[str, str]) -> list[str]:
    """Those of some parameters that have no say once a world has begun."""
    return [key for key in keys if key in FIRST]


def _lasting(law: Scenario, days: int) -> Scenario:
    """A scenario with another length. Raises `InvalidFile` where it is longer than one may be."""
    return from_map(law.to_map(), "extend", overrides={"time.days": str(max(days, 1))})


def _quiet(story: Story, world: World, law: Scenario) -> Story:
    """The story under the world's own law where the changed one gives the same records and labels."""
    told, planned = story.world, story.plan
    if told.manifest == world.manifest or told.tables != world.tables or told.manifest.noise != world.manifest.noise:
        return story
    facts = facts_of(world)
    patterns = told.manifest.patterns, world.manifest.patterns
    if patterns[0] != patterns[1] and len(facts) and np.any(clean(facts, patterns[0]) != clean(facts, patterns[1])):
        return story
    story.plan = replace(planned, scenario=law, settings=law.settings(planned.seed))
    story.world = World(replace(world.manifest, clock=told.manifest.clock), told.tables)
    return story
