"""``memento curriculum``: the seed's four phases, and phases of one's own."""

from __future__ import annotations

import pytest

from memento.train import checkpoint
from memento.workspace import Workspace

QUICK = ("--steps", 40, "--sessions", 20)


@pytest.fixture
def run(memento):
    memento("init")
    return memento


def test_the_four_phases_follow_one_another_in_one_command(run):
    found = run.json("curriculum", "--out", "m.st", *QUICK, "--steps", 80)
    assert found["schema"] == "memento.curriculum/1"
    assert found["phases"] == ["curriculum-1", "curriculum-2", "curriculum-3", "curriculum-4"]
    assert found["ends"] == [0.1, 0.3, 0.6]
    assert [len(group) for group in found["branches"]] == [2, 1, 1, 1]
    assert [stage["phase"] for stage in found["stages"]] == found["phases"]
    assert all(set(stage["figures"]) == set(found["phases"]) for stage in found["stages"])
    for bounds in found["bounds"].values():
        assert 0 < bounds["chance"] < bounds["ceiling"] <= 1
    made = checkpoint.load(run.folder / "m.st")
    assert made.config.mix == "phases:sources=2+1+1+1:at=0.1/0.3/0.6"
    assert len(made.sources) == 5
    assert sum(stage["epochs"] for stage in found["stages"]) == made.config.epochs
    assert run("verify", "m.st").code == 0
    assert sum("curriculum" in line for line in run("oplog").out.splitlines()) == 1


def test_worlds_that_are_there_are_used_again_and_others_of_their_name_refused(run):
    phases = ("curriculum", "curriculum-1", "tiny", "--ends", "0.5", *QUICK)
    first = run.json(*phases, "--out", "a.st")
    with Workspace.open(run.folder) as workspace:
        before = workspace.repository.commit_of("curriculum-1/0").id
    assert run.json(*phases, "--out", "b.st")["branches"] == first["branches"]
    assert (run.folder / "a.st").read_bytes() == (run.folder / "b.st").read_bytes()
    with Workspace.open(run.folder) as workspace:
        assert workspace.repository.commit_of("curriculum-1/0").id == before
    run("note", "curriculum-1/0", "-m", "words")
    run("branch", "-m", "curriculum-1/1", "away")
    run("fork", "tiny/0", "curriculum-1/1")
    assert "it is another world" in run(*phases, "--out", "c.st", code=2).err


def test_order_is_compared_with_all_at_once_and_with_the_last_alone(run):
    found = run.json("curriculum", "curriculum-1", "curriculum-2", "--compare", "--seeds", 2, "-m", "linear", *QUICK)
    assert [row["recipe"] for row in found["compared"]["recipes"]] == ["all at once", "in order", "curriculum-2 alone"]
    assert found["file"] is None
    assert found["compared"]["recipes"][0]["gain"]["value"] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "no file is named"),
        (("--out", "m.st", "curriculum-5"), "no scenario named 'curriculum-5'"),
        (("--out", "m.st", "tiny", "tiny"), "twice"),
        (("--out", "m.st", "--ends", "0.5"), "into 4 phases"),
        (("--out", "m.st", "--ends", "0.5,0.4,x"), "into 4 phases"),
        (("--out", "m.st", "--model", "lines"), "no model named 'lines'"),
        (("--out", "m.st", "--model", "recency"), "learns nothing"),
        (("--out", "m.st", "--seeds", 2), "those of --compare"),
    ],
)
def test_what_cannot_be_run_is_told(run, arguments, message):
    done = run("curriculum", *arguments, code=None)
    assert done.code == 2
    assert message in done.err
    assert not (run.folder / "m.st").exists()
    before = run.json("branch")
    few = ("curriculum", "easy", "tiny", "--steps", 1, "--sessions", 10, "-o", "few.st")
    assert "no epoch" in run(*few, code=2).err
    assert run.json("branch") == before, "no world stays of what was refused"
    assert "no epoch" in run("curriculum", "--steps", 20, "--sessions", 10, "--compare", "-n", 1, code=2).err


def test_one_phase_is_enough(run):
    found = run.json("curriculum", "tiny", "--steps", 4, "--sessions", 20, "--out", "m.st")
    assert found["ends"] == []
    assert [stage["phase"] for stage in found["stages"]] == ["tiny"]


def test_a_phase_without_an_epoch_is_refused(run):
    found = run("curriculum", "--steps", 20, "--sessions", 10, "--out", "m.st", code=2)
    assert "phase 2 gets no epoch" in found.err
    assert "--steps" in found.hint
    assert not (run.folder / "m.st").exists()


def test_force_without_a_file_is_refused(run):
    found = run("curriculum", "--compare", "--force", *QUICK, code=2)
    assert "none is to be written" in found.err
