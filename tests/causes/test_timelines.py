"""Branches in simulated time: what they part from, what they hold, and that one undo takes each back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from memento.errors import InvalidFile, NotFound, UsageError
from memento.simulate import cut
from memento.workspace import Workspace
from memento.world.check import check

WEEK = 7 * 86_400


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.init(tmp_path) as made:
        made.generate("tiny", "main", 3)
        yield made


def start(ws: Workspace) -> int:
    return ws.world_at("main~3").manifest.clock - WEEK


def test_a_fork_in_a_week_parts_from_the_week_before(ws: Workspace) -> None:
    instant = start(ws) + WEEK + 3 * 86_400
    made = ws.timelines.fork("main", "then", instant)
    commits = list(ws.repository.log("then"))
    assert made.parent == commits[1].id == ws.repository.resolve("main~3")
    assert commits[0].id == made.commits[0]
    assert commits[0].time == instant
    assert ws.world_at("then") == cut.at(ws.world_at("main"), instant)
    assert check(ws.world_at("then")) == []


def test_a_fork_at_a_weeks_end_is_that_commit(ws: Workspace) -> None:
    made = ws.timelines.fork("main", "then", start(ws) + 2 * WEEK)
    assert made.commits == ()
    assert ws.repository.resolve("then") == ws.repository.resolve("main~2")


def test_edits_since_are_in_the_fork(ws: Workspace) -> None:
    memory, instant = ws.world_at("main~3").memories["id"][0], start(ws) + 2 * WEEK
    ws.edit("main", [f"memory:{memory}", "importance=0.77"])
    made = ws.timelines.fork("main", "then", instant)
    assert made.parent == ws.repository.resolve("main~3")
    assert len(made.commits) == 1
    assert ws.record("then", "memories", memory)["importance"] == 0.77


def test_merging_a_fork_back_adds_and_never_deletes(ws: Workspace) -> None:
    ws.timelines.fork("main", "then", start(ws) + 2 * WEEK + 86_400)
    before = ws.world_at("main")
    memory = ws.world_at("then").memories["id"][0]
    ws.edit("then", [f"memory:{memory}", "importance=0.77"])
    merged = ws.merge("then", into="main")
    assert merged.result is not None
    assert not merged.result.conflicts
    after = ws.world_at("main")
    for name, table in before.tables.items():
        assert set(table.keys) == set(after.tables[name].keys)
    assert after.record("memories", memory)["importance"] == 0.77
    assert after.manifest.clock == before.manifest.clock


def test_a_fork_before_the_first_commit_has_no_parent(ws: Workspace) -> None:
    made = ws.timelines.fork("main", "early", start(ws) + 86_400)
    assert made.parent == ""
    assert [commit.parents for commit in ws.repository.log("early")] == [()]


def test_a_replay_of_nothing_is_its_base_week_by_week(ws: Workspace) -> None:
    for number, share in enumerate((0.1, 1.0, 1.6, 3.99)):
        name = f"again-{number}"
        ws.timelines.replay("main", name, {}, start(ws) + int(share * WEEK))
        for week in range(4 - int(share)):
            assert ws.repository.tree_of(f"{name}~{week}") == ws.repository.tree_of(f"main~{week}"), (share, week)


def test_a_replay_is_one_operation(ws: Workspace) -> None:
    made = ws.timelines.replay("main", "busy", {"memories.births_per_session": "2"}, start(ws) + WEEK + 9)
    assert len(made.commits) == 4
    assert len(ws.world_at("busy").memories) > len(ws.world_at("main").memories)
    assert ws.repository.tree_of("busy~3") != ws.repository.tree_of("main~2")
    ws.repository.undo()
    assert ws.repository.branch_names() == ["main"]


def test_a_replay_says_what_has_no_say(ws: Workspace) -> None:
    made = ws.timelines.replay("main", "new", {"memories.count": "9"}, start(ws) + WEEK + 9)
    assert made.silent == ("memories.count",)
    assert ws.repository.tree_of("new") == ws.repository.tree_of("main")


def test_extending_is_one_operation_and_a_longer_scenario(ws: Workspace) -> None:
    made = ws.timelines.extend("main", days=14)
    assert len(made.commits) == 2
    ws.generate("tiny", "longer", 3, {"time.days": "42"})
    assert ws.repository.tree_of("main") == ws.repository.tree_of("longer")
    assert ws.repository.tree_of("main~1") == ws.repository.tree_of("longer~1")
    ws.repository.undo(2)
    assert ws.repository.resolve("main") == made.parent


def test_faults_change_nothing(ws: Workspace) -> None:
    lines, instant = ws.timelines, start(ws) + WEEK
    with pytest.raises(InvalidFile, match="did you mean"):
        lines.replay("main", "new", {"noise.snr": "1"}, instant)
    with pytest.raises(UsageError, match="there is a branch 'main' already"):
        lines.replay("main", "main", {}, instant)
    with pytest.raises(UsageError, match="after the world's present"):
        lines.fork("main", "new", instant + 99 * WEEK)
    with pytest.raises(NotFound, match="no session named"):
        lines.instant("main", "nobody")
    with pytest.raises(UsageError, match="goes on by its own scenario"):
        lines.extend("main", days=1, scenario="tiny")
    with pytest.raises(NotFound):
        lines.extend("mian", days=1)
    assert ws.repository.branch_names() == ["main"]
