from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import memento as package

ROOT = Path(package.__file__).parent.parent


def test_commits_one_week_after_the_other(memento):
    memento("init")
    made = memento.json("generate", "tiny", "--seed", "7")
    assert made["branch"] == "main"
    assert made["seed"] == 7
    assert len(made["commits"]) >= 3
    commits = memento.json("log")["commits"]
    assert [commit["id"] for commit in reversed(commits)] == made["commits"]
    times = [commit["time"] for commit in commits]
    assert times == sorted(times, reverse=True)
    assert 40 <= made["counts"]["memories"] <= 120
    assert made["counts"]["turns"] > 0


def test_says_what_it_made_and_what_to_do_next(memento):
    memento("init")
    result = memento("generate", "tiny")
    assert result.out == ""
    assert "Branch main" in result.err
    assert "memories" in result.err
    assert "memento log main" in result.hint


def test_a_second_world_goes_to_its_own_branch(world):
    assert world.json("generate", "tiny", "--seed", "8")["branch"] == "tiny"
    assert {b["name"] for b in world.json("branch")["branches"]} == {"main", "tiny"}


def test_a_branch_that_is_there_is_refused(world):
    before = world.json("log")
    result = world("generate", "tiny", "--branch", "main", code=2)
    assert "main" in result.err
    assert "--branch" in result.hint
    assert world.json("log") == before


def test_one_seed_gives_one_commit_in_processes_with_other_hash_seeds(world):
    wanted = world.json("log")["commits"][0]["id"]
    for number, seed in enumerate(("1", "4242")):
        folder = world.folder / f"again{number}"
        folder.mkdir()
        script = f"{sys.executable} {ROOT}/cli.py"
        subprocess.run(
            f"{script} init && {script} generate tiny --seed 7",
            shell=True, cwd=folder, check=True, capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed},
        )  # fmt: skip
        world.cd(folder)
        assert world.json("log")["commits"][0]["id"] == wanted


def test_overrides_change_the_world(memento):
    memento("init")
    made = memento.json("generate", "tiny", "--set", "memories.count=20", "--set", "time.days=14")
    assert made["counts"]["memories"] < 60
    assert len(made["commits"]) <= 3


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["tny"], "did you mean tiny"),
        (["nowhere/x.toml"], "nowhere/x.toml"),
        (["tiny", "--set", "memories.cuont=3"], "memories.count"),
        (["tiny", "--set", "memories"], "'memories' is not KEY=VALUE"),
        (["tiny", "--set", "memories.count=-3"], "memories.count"),
        (["tiny", "--set", "memories.count=1000000000000"], "memories.count"),
        (["tiny", "--seed", "x"], "--seed"),
        (["tiny", "--branch", "bad name"], "bad name"),
    ],
)
def test_bad_input_changes_nothing(memento, arguments, says):
    memento("init")
    result = memento("generate", *arguments, code=2)
    assert says in result.err
    assert result.out == ""
    assert memento.json("branch")["branches"] == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("format = 1\n[memories]\ncou", "not TOML"),
        ("format = 99\n", "format 99"),
        ("format = 1\n[memories]\ncount = -1\nimportnce_mean = 3\n", "2 faults"),
        ("\x00\xff", ""),
    ],
)
def test_a_bad_file_is_told_with_all_its_faults(memento, text, says):
    memento("init")
    (memento.folder / "bad.toml").write_text(text)
    result = memento("generate", "./bad.toml", code=2)
    assert "bad.toml" in result.err
    assert says in result.err


def test_an_interrupted_simulation_leaves_the_repository_as_it_was(memento, monkeypatch):
    from memento import simulate

    memento("init")
    real = simulate.weeks

    def interrupted(scenario, seed):
        for number, week in enumerate(real(scenario, seed)):
            if number == 2:
                raise KeyboardInterrupt
            yield week

    monkeypatch.setattr(simulate, "weeks", interrupted)
    result = memento("generate", "tiny", code=130)
    assert result.err.rstrip().endswith("interrupted; the repository is as it was")
    monkeypatch.undo()
    memento.cd(".")
    assert memento.json("branch")["branches"] == []
    memento("generate", "tiny")


def test_a_full_disk_leaves_the_repository_as_it_was(world, monkeypatch):
    import errno

    before = world.json("log")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left on device")))
    result = world("generate", "tiny", "--branch", "more", code=4)
    assert "No space left" in result.err or "full" in result.err
    monkeypatch.undo()
    world.cd(".")
    assert world.json("log") == before
    assert [b["name"] for b in world.json("branch")["branches"]] == ["main"]
