"""The whole of a workspace: generate, fork, edit, diff, merge, render, and that equal inputs give equal ids."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from memento import scenario
from memento.changes.operations import Set
from memento.errors import ConflictError, CorruptRecord, InvalidFile, NotFound, StaleBranch, UsageError
from memento.render.rendering import Spec
from memento.workspace import Workspace
from memento.world.objects import Entry

GOLDEN = json.loads((Path(__file__).parent / "golden" / "commits.json").read_text())


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.init(tmp_path) as made:
        made.generate("tiny", branch="main", seed=7)
        yield made


@pytest.fixture
def memory(workspace: Workspace) -> str:
    return min(workspace.world_at("main").memories.keys)


@pytest.mark.parametrize("name", scenario.names())
def test_a_scenario_and_a_seed_give_one_commit_id(name: str, tmp_path: Path) -> None:
    with Workspace.init(tmp_path) as made:
        assert made.generate(name, seed=GOLDEN["seed"])[-1] == GOLDEN["commits"][name]


def test_the_commit_id_depends_on_no_process(tmp_path: Path) -> None:
    program = (
        "import sys; from memento.workspace import Workspace\n"
        "print(Workspace.init(sys.argv[1]).generate('tiny', seed=11)[-1])"
    )
    found = set()
    for number, hash_seed in enumerate(("1", "4242")):
        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / str(number))],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(done.stdout.strip())
    assert len(found) == 1
    assert len(found.pop()) == 40


def test_every_week_is_a_commit_and_the_world_grows(workspace: Workspace) -> None:
    commits = list(workspace.repository.log("main"))
    assert len(commits) >= 3
    sizes = [len(workspace.world_at(commit.id).sessions) for commit in commits]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[-1]


def test_generate_refuses_a_branch_that_is_there(workspace: Workspace) -> None:
    before = workspace.repository.resolve("main")
    with pytest.raises(UsageError, match="already"):
        workspace.generate("tiny", branch="main", seed=8)
    assert workspace.repository.resolve("main") == before


def test_an_edit_changes_what_it_says_and_nothing_else(workspace: Workspace, memory: str) -> None:
    workspace.fork("main", "trial")
    workspace.edit("trial", [f"memory:{memory}", "importance=0.875"], "promote")
    (change,) = list(workspace.diff("main", "trial").records())
    assert change.place == f"memory:{memory}"
    assert workspace.record("trial", "memories", memory)["importance"] == 0.875
    assert workspace.repository.commit_of("trial").message.strip() == "promote"


def test_an_edit_with_faults_names_all_of_them_and_changes_nothing(workspace: Workspace, memory: str) -> None:
    before = workspace.repository.resolve("main")
    with pytest.raises((InvalidFile, UsageError)) as error:
        workspace.edit("main", [Set("memories", memory, {"importance": 7.0, "kind": "rumour", "entity": "nobody"})])
    for word in ("importance", "kind", "nobody"):
        assert word in str(error.value)
    assert workspace.repository.resolve("main") == before


def test_an_edit_on_a_moved_branch_is_planned_again(
    workspace: Workspace, memory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository, real, calls = workspace.repository, workspace.repository.commit, []

    def moved_once(*args: object, **options: object) -> str:
        calls.append(args)
        if len(calls) == 1:
            raise StaleBranch("main moved")
        return real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(repository, "commit", moved_once)
    workspace.edit("main", [f"memory:{memory}", "importance=0.25"])
    assert len(calls) == 2
    assert workspace.record("main", "memories", memory)["importance"] == 0.25


def test_an_unknown_branch_or_record_is_suggested(workspace: Workspace, memory: str) -> None:
    with pytest.raises(NotFound, match="main"):
        workspace.edit("mian", [f"memory:{memory}", "importance=0.5"])
    with pytest.raises(NotFound) as error:
        workspace.record("main", "memories", memory[:-1] + "zz")
    assert memory in error.value.hint


def test_two_edits_of_one_record_merge_by_field(workspace: Workspace, memory: str) -> None:
    workspace.fork("main", "other")
    workspace.edit("main", [f"memory:{memory}", "importance=0.75"])
    workspace.edit("other", [f"memory:{memory}", "pinned=true"])
    done = workspace.merge("other", into="main")
    assert done.kind == "merged"
    record = workspace.record("main", "memories", memory)
    assert (record["importance"], record["pinned"]) == (0.75, True)
    assert workspace.repository.commit_of("main").parents == (done.ours, done.theirs)
    assert workspace.merge("other", into="main").kind == "up to date"


def test_a_conflict_moves_nothing_until_it_is_resolved(workspace: Workspace, memory: str) -> None:
    workspace.fork("main", "other")
    workspace.edit("main", [f"memory:{memory}", "importance=0.75"])
    workspace.edit("other", [f"memory:{memory}", "importance=0.25"])
    tip = workspace.repository.resolve("main")

    preview = workspace.merge("other", into="main", dry_run=True)
    assert preview.kind == "open"
    assert workspace.merge_in_progress() is None

    assert workspace.merge("other", into="main").kind == "open"
    assert workspace.repository.resolve("main") == tip
    with pytest.raises(ConflictError):
        workspace.merge_continue()
    with pytest.raises(ConflictError):
        workspace.merge("other", into="main")
    (conflict,), violations = workspace.open_items()
    assert (conflict.ours, conflict.theirs, violations) == (0.75, 0.25, ())

    workspace.resolve([conflict.resolution("theirs")])
    done = workspace.merge_continue()
    assert workspace.record("main", "memories", memory)["importance"] == 0.25
    assert workspace.repository.commit_of("main").parents == (tip, done.theirs)
    assert workspace.merge_in_progress() is None

    workspace.repository.undo()
    assert workspace.repository.resolve("main") == tip


def test_an_abort_forgets_the_merge(workspace: Workspace, memory: str) -> None:
    workspace.fork("main", "other")
    workspace.edit("main", [f"memory:{memory}", "importance=0.75"])
    workspace.edit("other", [f"memory:{memory}", "importance=0.25"])
    tip = workspace.repository.resolve("main")
    workspace.merge("other", into="main")
    workspace.merge_abort()
    assert workspace.repository.resolve("main") == tip
    with pytest.raises(UsageError, match="no merge"):
        workspace.merge_continue()


def test_a_fast_forward_moves_the_branch(workspace: Workspace, memory: str) -> None:
    workspace.fork("main", "ahead")
    commit = workspace.edit("ahead", [f"memory:{memory}", "importance=0.5"]).commit
    assert workspace.merge("ahead", into="main").kind == "fast-forward"
    assert workspace.repository.resolve("main") == commit


def test_a_commit_without_a_world_is_not_merged(workspace: Workspace) -> None:
    repository = workspace.repository
    blob = repository.objects.add_blob(b"print('hello')")
    tree_id = repository.objects.add_tree([Entry("main.py", blob, False)])
    tip = repository.resolve("main")
    repository.commit("foreign", tree_id, "not a world", parents=[tip], time=0)
    with pytest.raises(CorruptRecord, match="no manifest"):
        workspace.merge("foreign", into="main")
    assert repository.resolve("main") == tip


def test_a_rendering_is_the_same_from_the_cache(workspace: Workspace) -> None:
    made = workspace.rendering_at("main", Spec())
    kept = workspace.rendering_at("main", Spec())
    fresh = workspace.rendering_at("main", Spec(), cached=False)
    assert made.digest == kept.digest == fresh.digest
    assert made.commit == workspace.repository.resolve("main")
    assert made.features.shape == (len(workspace.world_at("main").candidates), 17)
    assert np.isfinite(made.features).all()


def test_a_difference_of_dots(workspace: Workspace, memory: str) -> None:
    workspace.fork("main", "other")
    workspace.edit("main", [f"memory:{memory}", "importance=0.75"])
    workspace.edit("other", [f"memory:{memory}", "pinned=true"])
    assert [set(change.to_map()["fields"]) for change in workspace.diff("main...other").records()] == [{"pinned"}]
    assert [set(change.to_map()["fields"]) for change in workspace.diff("main..other").records()] == [
        {"importance", "pinned"}
    ]
    with pytest.raises(UsageError, match="two"):
        workspace.diff("main")


def test_a_mix_of_revisions_names_them(workspace: Workspace) -> None:
    run = workspace.train(["main:0.5", "main~1:0.5"], model="linear", epochs=1)
    assert [source.revision for source in run.sources] == ["main", "main~1"]
    assert [source.weight for source in run.sources] == [0.5, 0.5]
    assert run.sources[0].commit == workspace.repository.resolve("main")


def stopped(workspace: Workspace, memory: str) -> str:
    """A merge of ``other`` into ``main`` that is open, its one conflict decided; the tip of main."""
    workspace.fork("main", "other")
    workspace.edit("main", [f"memory:{memory}", "importance=0.75"])
    workspace.edit("other", [f"memory:{memory}", "importance=0.25"])
    workspace.merge("other", into="main")
    (conflict,), _ = workspace.open_items()
    workspace.resolve([conflict.resolution("theirs")])
    return workspace.repository.resolve("main")


@pytest.fixture
def landed(workspace: Workspace, memory: str, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A process was killed after it had committed a merge and before it had cleared its state away."""
    stopped(workspace, memory)
    with monkeypatch.context() as patch:
        patch.setattr(workspace.repository, "clear_merge", lambda: None)
        workspace.merge_continue()
    assert workspace.repository.load_merge() is not None
    return workspace


def test_a_merge_that_landed_is_ended_by_continue(landed: Workspace) -> None:
    tip = landed.repository.resolve("main")
    assert landed.merge_in_progress() is None
    done = landed.merge_continue()
    assert (done.kind, done.commit) == ("merged", tip)
    assert landed.repository.resolve("main") == tip
    with pytest.raises(UsageError, match="no merge"):
        landed.merge_continue()


def test_a_merge_that_landed_cannot_be_given_up(landed: Workspace) -> None:
    tip = landed.repository.resolve("main")
    with pytest.raises(UsageError, match=f"committed already, as {tip[:10]}"):
        landed.merge_abort()
    assert landed.repository.load_merge() is None


def test_a_merge_that_landed_is_in_nobodys_way(landed: Workspace, memory: str) -> None:
    landed.edit("other", [f"memory:{memory}", "importance=0.5"])
    landed.edit("main", [f"memory:{memory}", "importance=0.125"])
    assert landed.merge("other", into="main").kind == "open"
    assert landed.merge_in_progress() is not None


def test_a_merge_on_a_branch_that_moved_says_so(workspace: Workspace, memory: str) -> None:
    stopped(workspace, memory)
    workspace.edit("main", [f"memory:{memory}", "pinned=true"])
    with pytest.raises(StaleBranch, match="has moved since the merge began"):
        workspace.merge_continue()
    workspace.merge_abort()
    assert workspace.merge_in_progress() is None


def test_a_merge_without_words_is_refused_before_it_begins(workspace: Workspace, memory: str) -> None:
    workspace.fork("main", "other")
    workspace.edit("main", [f"memory:{memory}", "importance=0.75"])
    workspace.edit("other", [f"memory:{memory}", "importance=0.25"])
    with pytest.raises(UsageError, match="needs a message"):
        workspace.merge("other", into="main", message="  ")
    assert workspace.repository.load_merge() is None


def test_an_edit_that_loses_every_race_ends_while_the_others_wait(
    workspace: Workspace, memory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = workspace.repository
    commit, raced = repository.commit, []

    def overtaken(*args: object, **options: object) -> str:
        if not repository._operations.lock.held:
            raced.append(commit("main", repository.tree_of("main"), "someone else"))
        return commit(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(repository, "commit", overtaken)
    made = workspace.edit("main", [f"memory:{memory}", "importance=0.75"])
    assert len(raced) > 1
    assert repository.commit_of(made.commit).parents == (raced[-1],)


def test_a_rendering_is_of_the_commit_it_names_though_the_branch_moves(
    workspace: Workspace, memory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = workspace.rendering_at("main", Spec(), cached=False)
    world_at = workspace.world_at

    def moved(revision: str = "HEAD") -> object:
        monkeypatch.undo()
        workspace.edit("main", [f"memory:{memory}", "importance=0.75"])
        return world_at(revision)

    monkeypatch.setattr(workspace, "world_at", moved)
    assert workspace.rendering_at("main", Spec()).digest == before.digest


def test_a_merge_that_cannot_be_read_can_be_given_up(workspace: Workspace, memory: str) -> None:
    stopped(workspace, memory)
    (workspace.repository.path / "memento" / "merge").write_bytes(b"\xff")
    with pytest.raises(CorruptRecord, match="corrupt"):
        workspace.merge_in_progress()
    workspace.merge_abort()
    assert workspace.merge_in_progress() is None
