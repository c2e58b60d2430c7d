"""Grids of scenario parameters: the points, their names, and what of them is one world."""

from __future__ import annotations

from pathlib import Path

import pytest

from memento.errors import InvalidFile, UsageError
from memento.history import Repository
from memento.simulate.again import again
from memento.vary import recipe
from memento.vary.expand import MAX_VARIANTS, verify
from memento.vary.sweep import axes, estimate, sweep
from memento.world import tree
from memento.world.world import World

WEIGHT, STICKY = "patterns.recency.weight", "topics.stickiness"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (f"{STICKY}=0:1:5", ["0.0", "0.25", "0.5", "0.75", "1.0"]),
        (f"{STICKY}=0:0.3:4", ["0.0", "0.1", "0.2", "0.3"]),
        (f"{STICKY}=0.3:0.1:3", ["0.3", "0.2", "0.1"]),
        (f"{STICKY}=0.001:1:4:log", ["0.001", "0.01", "0.1", "1.0"]),
        (f"{STICKY}=0.4:0.9:1", ["0.4"]),
        ("memories.count=10:12:9", ["10", "11", "12"]),
        ("entities.domain=support,software,support", ["support", "software"]),
        ("sessions.project_activity=[1,2],[2, 1]", ["[1,2]", "[2, 1]"]),
    ],
)
def test_the_values_of_a_key(text: str, values: list[str]) -> None:
    assert list(axes([text]).values()) == [values]


def test_all_faults_of_all_words_are_told_at_once() -> None:
    words = [
        "topics.stickines=1", f"{STICKY}=0:2:3", "memories.count=1:x:3", "time.days=0:9:3:log",
        "entities.aspects=2:3:0", "x", f"{WEIGHT}=0.1,bad,0.3", f"{WEIGHT}=1",
    ]  # fmt: skip
    with pytest.raises(InvalidFile) as error:
        axes(words)
    said = "\n".join(error.value.faults)
    for part in (
        "did you mean topics.stickiness", "2.0 is not from 0 to 1", "memories.count=1:x:3 is no range", "above 0",
        "the count is 1 to", "'x' is not KEY=", "'bad'", "swept twice",
    ):  # fmt: skip
        assert part in said
    with pytest.raises(UsageError, match=f"limit is {MAX_VARIANTS:,}"):
        axes([f"{WEIGHT}=0:1:1001", f"{STICKY}=0:1:1000"])


def test_every_point_is_the_world_simulated_again(repository: Repository, tiny: World) -> None:
    packs = len(list((repository.path / "objects/pack").glob("*.pack")))
    done = len(list(repository.operations()))
    found = sweep(repository, "main", "tune", [f"{WEIGHT}=0:1:3", f"{STICKY}=0.2,0.6"])
    assert [tuple(point.values.values()) for point in found.points] == [
        (weight, sticky) for weight in ("0.0", "0.5", "1.0") for sticky in ("0.2", "0.6")
    ]
    for point in found.points:
        commit = repository.commit_of(point.branch)
        assert tree.read(repository.objects, commit.tree) == again(tiny, point.values)
        assert point.branch == f"tune-{commit.tree[:10]}"
        made = recipe.of(commit.message)
        assert made is not None
        assert made.operator.to_map() == point.values
    assert len(list(repository.operations())) == done + 1
    assert len(list((repository.path / "objects/pack").glob("*.pack"))) == packs + 1
    checked = verify(repository, repository.branch_names("tune-"))
    assert len(checked) == 6
    assert not any(one.why for one in checked)


def test_equal_worlds_share_a_branch_and_the_base_is_one(repository: Repository, tiny: World) -> None:
    sticky = repr(tiny.manifest.scenario["topics"]["stickiness"]) if "topics" in tiny.manifest.scenario else "0.4"
    gaps = "sessions.gap_mean=0.2,0.3,0.4"
    found = sweep(repository, "main", "tune", [f"{STICKY}={sticky},0.9", gaps])
    assert len({point.branch for point in found.points}) < len(found.points)
    assert found.points[0].branch == "main"
    assert len(found.made.variants) + found.made.identical == 6
    assert {p.branch for p in found.points} == {"main", *(v.name for v in found.made.variants)}
    again_ = sweep(repository, "main", "tune", [f"{STICKY}=0.9,0.1"])
    assert again_.made.known == 1


def test_from_an_instant_on(repository: Repository, tiny: World) -> None:
    since = "2026-03-16T09:00:00Z"
    found = sweep(repository, "main", "late", [f"{STICKY}=0.1,0.9", "memories.count=50"], since)
    assert found.silent == ("memories.count",)
    for point in found.points:
        world = tree.read(repository.objects, repository.tree_of(point.branch))
        assert world == again(tiny, point.values, 1773651600)
        early = world.sessions["started_at"] < 1773651600
        assert world.sessions.take(early)["id"].tolist() == [
            i for i, t in zip(tiny.sessions["id"], tiny.sessions["started_at"], strict=True) if t < 1773651600
        ]
    with pytest.raises(InvalidFile, match=r"time\.days is fixed"):
        sweep(repository, "main", "x", ["time.days=20,30"], since)


def test_a_faulty_grid_makes_nothing(repository: Repository) -> None:
    with pytest.raises(InvalidFile, match="turns_min is above"):
        sweep(repository, "main", "x", ["sessions.turns_min=2,8", "sessions.turns_max=4,8"])
    told = estimate(repository, "main", "x", [f"{STICKY}=0.1,0.9"])
    assert (told.variants, len(told.names)) == (2, 2)
    assert repository.branch_names() == ["main"]
    assert not repository.objects.staged


def test_any_number_of_workers_gives_the_same_bytes(repository: Repository, tmp_path: Path) -> None:
    words = [f"{STICKY}=0:1:18"]
    alone = sweep(repository, "main", "tune", words)
    commits = {name: repository.resolve(name) for name in repository.branch_names()}
    repository.undo()
    shared = sweep(repository, "main", "tune", words, workers=2)
    assert shared == alone
    assert {name: repository.resolve(name) for name in repository.branch_names()} == commits
