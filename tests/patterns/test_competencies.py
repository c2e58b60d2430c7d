"""Planted memory tasks: the rule itself ranks perfectly, and guessing does not."""

from __future__ import annotations

import numpy as np
import pytest

from memento.patterns import CATALOG, clean
from memento.patterns.conflict import depths
from memento.patterns.difficulty import STRATA, strata
from memento.patterns.facts import Joined, of
from memento.patterns.learning import Learning
from memento.patterns.long_range import injections, places
from memento.patterns.tasks.words import readout, table
from memento.scenario import load
from memento.simulate.story import Story
from memento.validate.groups import groups
from memento.world.world import World


@pytest.fixture(scope="module")
def world() -> World:
    return Story(load("developer-week", ["memories.supersede_rate=0.4", "candidates.stale_share=0.2"]), 3).world


def naive_order(world: World) -> list[int]:
    ends = world.sessions["ended_at"].tolist()
    return sorted(range(len(ends)), key=lambda row: (ends[row], world.sessions["id"][row]))


def test_injections_are_those_of_the_plain_records(world: World) -> None:
    joined = Joined(world)
    last, count = injections(joined)
    place = {row: number for number, row in enumerate(naive_order(world))}
    rows, at, injected = world.candidate_memories, world.candidate_sessions, world.candidates["injected"]
    for row in range(0, len(rows), 211):
        before = [
            place[int(at[other])] for other in np.flatnonzero((rows == rows[row]) & injected)
            if place[int(at[other])] < place[int(at[row])]
        ]  # fmt: skip
        assert count[row] == len(before)
        assert last[row] == max(before, default=-1)
    assert places(joined)[0] == place[int(at[0])]


def test_state_follows_the_projects_topics(world: World) -> None:
    rule = CATALOG["state"].from_map({"group": "S3", "weight": 1.0})
    terms = rule.terms(of(world))
    joined = Joined(world)
    classes, image, cayley = rule.classes(joined.entity_ids), readout("S3"), table("S3")
    from memento import rng

    elements = rng.integers(rng.keys(rng.key(0, "state", "element"), list(joined.entity_ids)), 6)
    state: dict[str, int] = {}
    shown = {}
    for row in naive_order(world):
        project = world.sessions["project"][row]
        shown[row] = image[state.get(project, 0)]
        state[project] = int(cayley[state.get(project, 0), elements[joined.topics[row]]])
    for row in range(0, len(terms), 97):
        code = joined.memory_entities[world.candidate_memories[row]]
        assert terms[row] == float(classes[code] == shown[int(world.candidate_sessions[row])])
    assert (terms > 0).mean() == pytest.approx(rule.chance, abs=0.15)


def test_copying_marks_traversal_sessions(world: World) -> None:
    terms = CATALOG["copying"].from_map({"weight": 1.0, "count": 2}).terms(of(world))
    marked: dict[str, list[str]] = {}
    told = {}
    for row in naive_order(world):
        project, topic = world.sessions["project"][row], world.sessions["topic"][row]
        told[row] = marked.get(project, [])[:2]
        if world.sessions["mode"][row] == "traversal":
            marked[project] = [topic, *[t for t in marked.get(project, []) if t != topic]]
    for row in range(0, len(terms), 53):
        entity = world.memories["entity"][world.candidate_memories[row]]
        assert terms[row] == float(entity in told[int(world.candidate_sessions[row])])


def test_the_newest_of_a_chain_wins_and_recency_alone_does_not_tell(world: World) -> None:
    """'Newest wins' within a chain is right always; recency over all candidates is not."""
    facts = of(world)
    terms = CATALOG["conflict"].from_map({"weight": 1.0, "hops": 0}).terms(facts)
    assert terms.sum() > 50
    assert not np.any(terms[facts.superseded])
    memories, rows = world.memories, world.candidate_memories
    assert np.all(depths(Joined(world))[rows[terms > 0]] >= 1)
    right = wrong = oracle = 0
    for session in np.unique(world.candidate_sessions[terms > 0]).tolist():
        mine = np.flatnonzero(world.candidate_sessions == session)
        newest = mine[np.argmax(memories["created_at"][rows[mine]])]
        right += terms[newest] > 0
        wrong += terms[newest] == 0
        oracle += terms[mine[np.argmax(terms[mine])]] > 0
    assert oracle == right + wrong
    assert wrong > right


def test_chains_have_depths() -> None:
    from patterns.worlds import DAY, START, world_of

    world = world_of(
        memories=[
            {"id": "a", "created_at": START, "deleted": True, "superseded_by": "b"},
            {"id": "b", "created_at": START + DAY, "deleted": True, "superseded_by": "c"},
            {"id": "c", "created_at": START + 2 * DAY},
            {"id": "x", "created_at": START, "superseded_by": "x"},
        ]
    )
    found = dict(zip(world.memories["id"].tolist(), depths(Joined(world)).tolist(), strict=True))
    assert found == {"a": 0, "b": 1, "c": 2, "x": 0}


def test_retrieval_has_few_answers_and_more_distractors(world: World) -> None:
    terms = CATALOG["retrieval"].from_map({"weight": 0.8, "distractor": 0.25}).terms(of(world))
    assert set(np.unique(terms)) == {0.0, 0.2, 0.8}
    assert (terms == 0.8).sum() < (terms == 0.2).sum()
    memories, sessions = world.memories, world.sessions
    for row in np.flatnonzero(terms == 0.8)[::7]:
        memory, session = world.candidate_memories[row], world.candidate_sessions[row]
        assert memories["entity"][memory] == sessions["topic"][session]
        assert not memories["deleted"][memory] or memories["superseded_by"][memory]


def test_learning_changes_at_its_points(world: World) -> None:
    rule = Learning(weight=1.0, days=14.0, share=0.5)
    facts = of(world)
    terms = rule.terms(facts)
    joined = Joined(world)
    epoch = rule.epochs(joined.ended_at, int(world.sessions["started_at"].min()) // 86_400 * 86_400)[facts.session]
    entity = joined.memory_entities[facts.memory]
    moved = same = 0
    for code in np.unique(entity):
        by_epoch = [set(terms[(entity == code) & (epoch == e)].tolist()) for e in range(int(epoch.max()) + 1)]
        assert all(len(found) <= 1 for found in by_epoch)
        filled = [found for found in by_epoch if found]
        moved += len({tuple(found) for found in filled}) > 1
        same += len({tuple(found) for found in filled}) == 1
    assert moved > same / 3


@pytest.mark.parametrize(("name", "stratum"), [("easy", 0), ("medium", 1), ("hard", 2)])
def test_scenarios_of_three_strata_are_what_they_say(name: str, stratum: int) -> None:
    made = Story(load(name), 2).world
    found = strata(Joined(made), made.manifest.patterns, made.manifest.noise)
    told = found[found >= 0]
    assert len(told) > 20
    assert (told == stratum).mean() > 0.6, np.bincount(told, minlength=3)


def test_groups_part_sessions(world: World) -> None:
    from memento import rng

    ids = world.sessions["id"].tolist()
    found = groups(world, rng.hashes(ids[:60]))
    assert {"topic seen", "topic unseen"} <= set(found)
    assert not found["topic seen"] & found["topic unseen"]
    assert set().union(*(found[name] for name in STRATA)) <= set(ids)
    assert set(groups(world, None)) == set(STRATA)
    assert np.ptp(clean(of(world), world.manifest.patterns)) > 0
