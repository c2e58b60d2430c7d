"""``memento train --resume``: trainings that are stopped, and gone on with."""

from __future__ import annotations

from pathlib import Path

import pytest

from memento.cli.progress import Progress

ARGUMENTS = ("train", "main", "--out", "m.safetensors", "--epochs", "4", "--seed", "3")


@pytest.fixture
def interrupted(world, monkeypatch):
    """A training of which two epochs were run when Ctrl-C came."""

    def update(self, done, total=None, note=""):
        if done == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Progress, "update", update)
        done = world(*ARGUMENTS, code=130)
    assert done.err == (
        "Error: interrupted; the repository is as it was\n"
        "Hint: m.safetensors.partial keeps it; the same command with --resume goes on from there\n"
    )
    return world


def test_goes_on_to_the_same_bytes(interrupted):
    assert not Path("m.safetensors").exists()
    found = interrupted.json(*ARGUMENTS, "--resume")
    assert [epoch["number"] for epoch in found["history"]] == [0, 1, 2, 3]
    assert not Path("m.safetensors.partial").exists()
    whole = Path("m.safetensors").read_bytes()
    interrupted(*ARGUMENTS, "--force")
    assert Path("m.safetensors").read_bytes() == whole


def test_a_state_is_not_lost_by_beginning_anew(interrupted):
    kept = Path("m.safetensors.partial").read_bytes()
    done = interrupted(*ARGUMENTS, code=2)
    assert done.hint == "--resume goes on with it, --force begins anew"
    assert Path("m.safetensors.partial").read_bytes() == kept
    interrupted(*ARGUMENTS, "--force")
    assert Path("m.safetensors").exists()
    assert not Path("m.safetensors.partial").exists()


def test_another_training_says_what_differs(interrupted):
    interrupted("fork", "main", "early", "--at", "~1")
    done = interrupted("train", "early", *ARGUMENTS[2:-1], "4", "--set", "rate=0.01", "--resume", code=2)
    assert "seed is 4 here, and 3 there" in done.err
    assert "rate is 0.01 here, and 0.002 there" in done.err
    assert "commit of source 1 is" in done.err
    assert "--force begins anew, without --resume" in done.hint


def test_damage_is_told(interrupted):
    Path("m.safetensors.partial").write_bytes(b"x" * 40)
    assert "--force" in interrupted(*ARGUMENTS, "--resume", code=4).hint


def test_where_nothing_is_kept_it_begins(world):
    done = world(*ARGUMENTS, "--resume")
    assert "Nothing is kept in m.safetensors.partial" in done.err
    assert Path("m.safetensors").exists()


def test_a_folder_in_its_place_is_told(world):
    Path("m.safetensors.partial").mkdir()
    assert "is a folder" in world(*ARGUMENTS, code=2).err


def test_patience_has_an_option(world):
    found = world.json(*ARGUMENTS[:4], "--epochs", "50", "--patience", "1", "--model", "linear", "--set", "rate=1e-7")
    assert found["training"]["patience"] == 1
    assert len(found["history"]) == 2
    done = world("train", "main", "--out", "n.safetensors", "--set", "patience=3", code=2)
    assert "patience has an option of its own" in done.err
