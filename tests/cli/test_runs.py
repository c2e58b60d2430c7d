"""``memento runs``, and the records that evaluate and train leave."""

from __future__ import annotations

import fcntl
import shutil
import subprocess

import pytest

from memento.history.lock import Lock


@pytest.fixture
def judged(trained):
    """A trained scorer, judged on main with few canaries."""
    trained("evaluate", "m.safetensors", "main", "--episodes", "20")
    return trained


def test_an_evaluation_is_listed_on_the_branch_that_it_measured(judged):
    run = judged.json("runs")["runs"][0]
    assert run["commit"] == judged.json("log", "-n", 1)["commits"][0]["id"]
    assert run["model"] == "interaction"
    ndcg = run["metrics"]["ndcg"]
    assert ndcg["chance"] < ndcg["value"] <= ndcg["ceiling"]
    assert run["metrics"]["canary.recency"]["ceiling"] == 1.0
    table = judged("runs", "main").out
    assert run["id"] in table
    assert f"{ndcg['chance']:.3f}" in table
    judged("fork", "main", "old", "--at", "~1")
    assert judged.json("runs", "old")["runs"] == []
    assert len(judged.json("runs", "--all")["runs"]) == 1


def test_recording_twice_is_nothing(judged):
    before = judged.json("oplog")["operations"]
    again = judged.json("evaluate", "m.safetensors", "main", "--episodes", "20")
    assert again["recorded"]
    assert judged.json("oplog")["operations"] == before
    assert [run["id"] for run in judged.json("runs")["runs"]] == [again["run"]]


def test_the_same_evaluation_elsewhere_gives_the_same_record(
    judged, checkpoint_file, tiny_repository, tmp_path_factory
):
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(tiny_repository, other, dirs_exist_ok=True)
    judged("-C", other, "evaluate", checkpoint_file, "main", "--episodes", "20")
    assert judged.json("-C", other, "runs") == judged.json("runs")
    tips = [subprocess.check_output(["git", "-C", folder / ".memento", "rev-parse", "refs/notes/runs^{tree}"])
            for folder in (other, judged.folder)]  # fmt: skip
    assert tips[0] == tips[1]


def test_no_record_leaves_nothing(trained):
    found = trained.json("evaluate", "m.safetensors", "main", "--no-canaries", "--no-record")
    assert found["run"] is None
    assert not found["recorded"]
    assert trained.json("runs", "--all")["runs"] == []


def test_train_records_what_it_ends_with(world):
    found = world.json("train", "main", "--model", "linear", "--epochs", "1", "--out", "m.safetensors")
    runs = world.json("runs")["runs"]
    assert [run["id"] for run in runs] == found["runs"]
    assert runs[0]["training"]["model"] == "linear"
    assert runs[0]["metrics"]["ndcg"]["value"] == found["reports"][0]["rows"]["model"]["ndcg"]["value"]
    world("train", "main", "--model", "linear", "--epochs", "2", "--out", "n.safetensors", "--no-record")
    assert len(world.json("runs")["runs"]) == 1


def test_an_evaluation_that_cannot_be_recorded_says_so(trained, monkeypatch):
    monkeypatch.setattr("memento.history.lock.TIMEOUT", 0.1)
    monkeypatch.setattr("memento.history.operations.Lock", lambda path: Lock(path, 0.1))
    with (trained.folder / ".memento/memento/lock").open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = trained("evaluate", "m.safetensors", "main", "--no-canaries")
    assert "not recorded" in done.err
    assert "chance" in done.out


def test_sorts_by_a_metric(judged):
    judged("train", "main", "--model", "linear", "--epochs", "1", "--out", "l.safetensors")
    values = [run["metrics"]["mrr"]["value"] for run in judged.json("runs", "--sort", "mrr")["runs"]]
    assert values == sorted(values, reverse=True)
    assert judged.json("runs", "--sort", "canary.recency")["runs"][0]["episodes"] == 20
    assert "did you mean ndcg" in judged("runs", "--sort", "ndgc", code=2).hint


def test_show_tells_all_of_a_run(judged):
    run = judged.json("runs")["runs"][0]
    done = judged("runs", "show", run["id"][:6])
    assert run["checkpoint"] in done.out
    assert "canary.supersession" in done.out
    assert judged.json("runs", "show", run["id"])["runs"] == [run]
    assert "no run named" in judged("runs", "show", "zzz", code=2).err
    judged("runs", "show", code=2)
    judged("runs", "main", "main~1", code=2)


def test_lines_that_are_no_records_are_passed_over(judged):
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@b", "-C", str(judged.folder / ".memento"), "notes"]
    evil = '{"commit":1}\nnot json\n{"metrics":{"ndcg":{"value":NaN}}}\n' + "[" * 5000
    subprocess.run([*git, "--ref", "runs", "append", "-m", evil, "main"], check=True, capture_output=True)
    assert len(judged.json("runs")["runs"]) == 1
    judged("evaluate", "m.safetensors", "main", "--no-canaries")
    assert len(judged.json("runs")["runs"]) == 2


def test_undo_takes_a_record_back(judged):
    assert "record run" in judged("undo").err
    assert judged.json("runs")["runs"] == []


def test_records_and_notes_travel_with_clone_and_push(judged):
    judged("note", "main", "-m", "here")
    judged("clone", judged.folder, "copy")
    there = judged.folder / "copy"
    assert judged.json("-C", there, "runs") == judged.json("runs")
    judged("-C", there, "evaluate", "m.safetensors", "main", "--no-canaries")
    judged("evaluate", "m.safetensors", "main", "--episodes", "10")
    judged("-C", there, "fork", "main", "x")
    judged("-C", there, "push", "origin", "x")
    judged("-C", there, "fetch")
    assert len(judged.json("runs")["runs"]) == 3
    assert judged.json("runs") == judged.json("-C", there, "runs")
    assert judged("-C", there, "note", "main").out == "here\n"
