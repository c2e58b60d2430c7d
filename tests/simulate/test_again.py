"""Cutting a world at an instant, going on from there, and doing it again under other parameters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memento.changes.batch import parse_words
from memento.changes.edit import plan as planned
from memento.changes.snapshot import Snapshot
from memento.errors import InvalidFile, NotFound, UsageError
from memento.scenario import load
from memento.simulate import Story, cut
from memento.simulate.again import FIRST, again, extend, replay
from memento.simulate.entities import graph
from memento.simulate.ids import Stems
from memento.simulate.past import known_graph
from memento.world import tree
from memento.world.check import check
from memento.world.objects import MemoryObjects
from memento.world.table import Table
from memento.world.world import World, empty_world

from .stories import story

SHORT = "time.days=18"


def week_trees(told: Story, start: World | None = None) -> list[str]:
    store = MemoryObjects()
    current = tree.write(store, start) if start is not None else store.add_tree([])
    trees = []
    for week in told.weeks():
        current = tree.apply(store, current, week.delta)
        trees.append(current)
    return trees


def edited(world: World, *words: str) -> World:
    store = MemoryObjects()
    before = tree.write(store, world)
    return tree.read(store, tree.apply(store, before, planned(Snapshot(store, before), parse_words(words))))


def of_project(world: World, project: str, table: str) -> Table:
    rows = world.tables[table]
    if table in ("sessions", "memories"):
        return rows.take(rows["project"] == project)
    mine = world.sessions["project"][world.sessions.rows(rows["session"].tolist())] == project
    return rows.take(mine)


# ── the world as it was ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["tiny", "developer-week"])
def test_a_simulated_world_cut_at_a_weeks_end_is_that_week(name: str) -> None:
    told = story(name, 3, SHORT)
    store, trees = MemoryObjects(), week_trees(told)
    for week, expected in zip(told.weeks(), trees, strict=True):
        assert tree.write(store, cut.at(told.world, week.time)) == expected


def test_cutting_undoes_what_came_later_and_keeps_edits() -> None:
    world = story("cold-start", 3, SHORT).world
    retired = np.flatnonzero(world.memories["deleted"])
    row = int(retired[np.argmax(world.memories["created_at"][retired])])
    key = world.memories["id"][row]
    newer = world.memories["superseded_by"][row]
    instant = int(world.memories["created_at"][world.memories.row_of[newer]]) - 1
    changed = edited(world, f"memory:{key}", "importance=0.99")
    then = cut.at(changed, instant)
    assert check(then) == []
    assert then.manifest.clock == instant
    record = then.record("memories", key)
    assert (record["deleted"], record["superseded_by"], record["importance"]) == (False, None, 0.99)
    assert newer not in then.memories.row_of
    assert then.sessions["ended_at"].max() <= instant
    assert World.build(then.manifest, then.tables) == then


def test_entities_of_later_times_go_and_later_retirements_are_undone() -> None:
    world = story("tiny", 3, SHORT).world
    clock = world.manifest.clock
    instant = clock - 86_400
    entities = world.entities.replace(retired_at=np.full(len(world.entities), clock))
    created = entities["created_at"].copy()
    created[0] = clock
    late = world.replace(entities=entities.replace(created_at=created))
    then = cut.at(late, instant)
    gone = world.entities["id"][0]
    assert gone not in then.entities.row_of
    assert gone not in set(then.aspects["entity"]) | set(then.memories["entity"]) | set(then.sessions["topic"])
    assert all(record["retired_at"] is None for record in then.entities.records())
    assert [finding.kind for finding in check(then) if finding.kind == "dangling reference"] == []


def test_a_session_is_cut_just_before_it_starts() -> None:
    world = story("tiny", 3, SHORT).world
    row = len(world.sessions) // 2
    instant = cut.before_session(world, world.sessions["id"][row])
    assert instant == world.sessions["started_at"][row] - 1
    assert set(cut.at(world, instant).sessions["id"]) <= set(world.sessions["id"][:row])
    with pytest.raises(NotFound):
        cut.before_session(world, "nothing")
    with pytest.raises(UsageError, match="after the world's present"):
        cut.at(world, world.manifest.clock + 1)


# ── going on ─────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**40),
    days=st.integers(1, 15),
    more=st.integers(1, 10),
    births=st.floats(0, 3),
    rate=st.floats(0, 1),
    count=st.integers(0, 40),
    scope=st.sampled_from(["project", "all"]),
)
def test_a_world_extended_is_the_longer_world(
    seed: int, days: int, more: int, births: float, rate: float, count: int, scope: str
) -> None:
    values = {
        "memories.births_per_session": repr(births), "memories.supersede_rate": repr(rate),
        "memories.count": str(count), "entities.projects": '["one", "two"]', "candidates.scope": scope,
        "sessions.per_day_mean": "4",
    }  # fmt: skip
    short = Story(load("tiny", {**values, "time.days": str(days)}), seed).world
    whole = Story(load("tiny", {**values, "time.days": str(days + more)}), seed)
    longer = extend(short, days=more)
    assert longer.world == whole.world
    start = World(replace(short.manifest), short.tables)
    if days % 7 == 0:
        trees = week_trees(longer, start)
        assert trees == week_trees(whole)[-len(trees) :]


@pytest.mark.parametrize("name", ["developer-week", "support-agent"])
def test_28_days_extended_to_42_are_42_days(name: str) -> None:
    short = story(name, 5, "time.days=28", "candidates.per_session=12").world
    whole = story(name, 5, "time.days=42", "candidates.per_session=12")
    longer = extend(short, days=14)
    assert longer.world == whole.world
    assert week_trees(longer, short) == week_trees(whole)[-2:]


def test_sessions_are_counted_and_can_be_extended_again() -> None:
    short, whole = story("tiny", 3, SHORT).world, story("tiny", 3, "time.days=40").world
    five = extend(short, sessions=5).world
    assert len(five.sessions) == len(short.sessions) + 5
    assert five.manifest.clock == five.sessions["ended_at"].max()
    assert cut.at(whole, five.manifest.clock).tables == five.tables
    further = extend(extend(five, sessions=1).world, days=3).world
    assert further.sessions["id"][:3].tolist() == short.sessions["id"][:3].tolist()
    with pytest.raises(UsageError, match="not 3"):
        extend(story("tiny", 3, SHORT, "sessions.per_day_mean=0", "sessions.per_day_sd=0").world, sessions=3)


def test_the_graph_of_a_world_is_the_graph_it_was_made_from() -> None:
    for name in ("tiny", "developer-week", "support-agent"):
        told = story(name, 3, SHORT)
        made = graph(told.plan.settings, 3, Stems(3))
        again_ = known_graph(told.plan.settings, 3, Stems(3), told.world)
        for field in ("projects", "names", "single", "several", "founded", "neighbors"):
            assert getattr(made, field) == getattr(again_, field), (name, field)
        for field in ("project", "hour", "weekday", "popularity", "acting", "owner"):
            assert np.array_equal(getattr(made, field), getattr(again_, field)), (name, field)
        assert [list(v[:3]) for v in made.values] == [list(v[:3]) for v in again_.values]


def test_edits_count_in_what_follows() -> None:
    world = story("developer-week", 3, SHORT).world
    plain = extend(world, days=7).world
    later = plain.sessions["started_at"] > world.manifest.clock
    offered = set(plain.candidates["memory"][later[plain.candidate_sessions]])
    key = max(offered & set(world.memories["id"]), key=lambda k: (plain.candidates["memory"] == k).sum())
    gone = extend(edited(world, f"memory:{key}", "deleted=true"), days=7).world
    new = (gone.sessions["started_at"] > world.manifest.clock)[gone.candidate_sessions]
    assert key not in set(gone.candidates["memory"][new])
    assert gone.memories["deleted"][gone.memories.row_of[key]]

    entity, project = world.entities["id"][0], world.entities["project"][0]
    for other in world.entities["id"][world.entities["project"] == project].tolist():
        if other != entity:
            world = edited(world, f"entity:{other}", f"retired_at={world.manifest.clock}")
    alone = extend(world, days=7).world
    new = (alone.sessions["started_at"] > world.manifest.clock) & (alone.sessions["project"] == project)
    assert new.any()
    assert set(alone.sessions["topic"][new]) == {entity}
    assert check(alone) == []


def test_an_added_entity_and_aspect_take_part() -> None:
    world = story("tiny", 3, SHORT, "entities.count=1").world
    clock, project = world.manifest.clock, world.entities["project"][0]
    more: dict[str, Any] = {"id": "zebra", "name": "zebra crossing", "project": project, "created_at": clock - 9}
    grown = world.replace(
        entities=world.entities.update(Table.from_records(world.entities.schema, [more])),
        aspects=world.aspects.update(
            Table.from_records(
                world.aspects.schema,
                [{"id": "stripes", "entity": "zebra", "name": "number of stripes", "single_valued": True}],
            )
        ),
    )
    longer = extend(grown, days=40).world
    assert check(longer) == []
    about = longer.memories.take(longer.memories["entity"] == "zebra")
    assert "zebra" in set(longer.sessions["topic"])
    assert len(about) > 1
    assert set(about["aspect"]) == {"stripes"}
    assert (~about["deleted"]).sum() == 1


def test_a_world_that_was_not_simulated_needs_a_law() -> None:
    world = story("tiny", 3, SHORT).world
    written = World(replace(world.manifest, source="imported", scenario={}, patterns={}, noise={}), world.tables)
    with pytest.raises(UsageError, match="imported, not simulated") as caught:
        extend(written, days=7)
    assert "--scenario" in caught.value.hint
    longer = extend(written, days=14, law=load("developer-week")).world
    assert longer.manifest.source == "imported"
    assert check(longer) == []
    fresh = ~np.isin(longer.sessions["id"], written.sessions["id"])
    assert fresh.any()
    assert set(longer.sessions["project"][fresh]) == {"atlas"}
    seen = longer.candidates["relevance"][fresh[longer.candidate_sessions]]
    assert len(seen)
    assert np.all((seen >= 0) & (seen <= 1))
    assert len(extend(empty_world(), days=7, law=load("tiny")).world.memories) == 0


def test_a_world_without_entities_goes_on_without_topics() -> None:
    world = story("tiny", 3, SHORT).world
    manifest = replace(world.manifest, source="imported", scenario={}, patterns={}, noise={})
    tables = {name: world.tables[name] for name in ("memories", "sessions", "turns", "candidates")}
    bare = World.build(manifest, tables)
    longer = extend(bare, days=7, law=load("tiny")).world
    fresh = ~np.isin(longer.sessions["id"], bare.sessions["id"])
    assert fresh.any()
    assert set(longer.sessions["topic"][fresh]) == {""}
    assert np.any(fresh[longer.candidate_sessions])
    assert len(check(longer)) <= len(check(bare))


# ── again, under other parameters ────────────────────────────────────────────────────────────────


@settings(max_examples=12, deadline=None)
@given(
    name=st.sampled_from(["tiny", "developer-week", "cold-start", "night-owl"]),
    seed=st.integers(0, 2**40),
    share=st.floats(0, 1),
    key=st.sampled_from(["", *FIRST[3:], "sessions.gap_mean", "sessions.gap_sd"]),
)
def test_what_cannot_matter_changes_nothing(name: str, seed: int, share: float, key: str) -> None:
    told = Story(load(name, {"time.days": "16", "sessions.per_day_mean": "3", "candidates.per_session": "8"}), seed)
    since = told.span.start - 86_400 + int(share * (told.end - told.span.start + 86_400))
    again_ = replay(told.world, {key: "3"} if key else {}, since)
    assert again_.world == told.world
    trees = week_trees(again_, cut.at(told.world, since))
    assert trees == week_trees(told)[len(week_trees(told)) - len(trees) :]


@pytest.mark.parametrize(
    ("given_", "silent"),
    [
        (("noise.distribution=none",), {"noise.snr_db": "3"}),
        (("patterns.temporal.weight=0",), {"patterns.temporal.strength": "0.3"}),
        (("sessions.traversal_share=0",), {"patterns.traversal.bonus": "0.9", "candidates.traversal_share": "0.7"}),
        (("entities.count=1",), {"topics.popularity": "2", "topics.neighbor_share": "0.9"}),
        ((), {"patterns.recency.decay_rate": "0.1"}),
    ],
)
def test_a_parameter_without_a_say_gives_the_same_tree(given_: tuple[str, ...], silent: dict[str, str]) -> None:
    told = story("tiny", 4, SHORT, *given_)
    middle = (told.span.start + told.end) // 2
    for since in (None, middle):
        assert again(told.world, silent, since) == told.world


@settings(max_examples=12, deadline=None)
@given(
    name=st.sampled_from(["developer-week", "night-owl", "default", "tiny"]),
    seed=st.integers(0, 2**40),
    which=st.integers(0, 2),
    activity=st.floats(0, 3),
    share=st.one_of(st.none(), st.floats(0, 1)),
)
def test_other_projects_never_feel_one_projects_arrivals(
    name: str, seed: int, which: int, activity: float, share: float | None
) -> None:
    declared = load(name, {"time.days": "12", "candidates.per_session": "10", "memories.supersede_rate": "0.3"})
    told = Story(declared, seed)
    projects = list(told.plan.graph.projects)
    which %= len(projects)
    values = [1.0] * which + [activity]
    since = None if share is None else told.span.start + int(share * (told.end - told.span.start))
    other = again(told.world, {"sessions.project_activity": repr(values)}, since)
    assert check(other) == []
    for project in set(projects) - {projects[which]}:
        for table in ("sessions", "memories", "turns", "candidates"):
            assert of_project(told.world, project, table) == of_project(other, project, table), (project, table)
    mine = [len(of_project(w, projects[which], "sessions")) for w in (told.world, other)]
    assert mine[1] <= mine[0] if activity < 1 else mine[1] >= mine[0]


def test_shared_projects_leak_and_say_so() -> None:
    told = story("developer-week", 3, SHORT, "candidates.scope=all")
    other = again(told.world, {"sessions.project_activity": "[0.2]"})
    assert of_project(told.world, "payments", "candidates") != of_project(other, "payments", "candidates")
    ids = [of_project(made, "payments", "sessions")["id"].tolist() for made in (told.world, other)]
    assert ids[0] == ids[1]


def test_faults_are_told_all_at_once() -> None:
    world = story("tiny", 3, SHORT).world
    with pytest.raises(InvalidFile) as caught:
        again(world, {"memories.birth_per_session": "1", "noise.snr_db": "9999"}, world.manifest.clock - 9)
    assert "births_per_session" in str(caught.value.faults)
    assert len(caught.value.faults) == 2
    with pytest.raises(InvalidFile, match="fixed once a world has begun"):
        again(world, {"time.days": "9"}, world.manifest.clock - 9)
    assert len(again(world, {"time.days": "9"}).sessions) < len(world.sessions)
    old = World(replace(world.manifest, simulator="memento story 1"), world.tables)
    with pytest.raises(UsageError, match="memento story 1"):
        again(old, {})


def test_changed_patterns_and_noise_are_the_law_that_goes_on() -> None:
    world = story("tiny", 3, SHORT).world
    other = World(
        replace(world.manifest, patterns={"recency": {"weight": 0.9, "decay_rate": 0.01}}, noise={}), world.tables
    )
    longer = extend(other, days=7).world
    assert longer.manifest.patterns["recency"] == {"weight": 0.9, "decay_rate": 0.01}
    assert longer.manifest.noise == {}
    assert longer.manifest.patterns["entity"] == {"weight": 0.0}
    assert extend(longer, days=7).world.manifest.patterns == longer.manifest.patterns
