"""``memento compare`` and ``memento matrix``."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def runs(world):
    """Three runs: two seeds of one training, and another rate."""
    arguments = ("--model", "linear", "--epochs", "2", "-q")
    world("train", "main", "--seeds", "2", "--out", "a.safetensors", *arguments)
    world("train", "main", "--set", "rate=0.3", "--out", "b.safetensors", *arguments)
    return world


def test_runs_stand_side_by_side(runs):
    ids = [run["id"] for run in runs.json("runs")["runs"]]
    found = runs.json("compare", *ids)
    assert [row["runs"] for row in found["rows"]] == [[one] for one in ids]
    assert "rate" in found["options"]
    assert len(found["rows"][0]["curves"][0]["loss"]) == 2
    assert set(found["rows"][1]["differences"]) == {"ndcg", "share", "mrr", "recall"}
    table = runs("compare", *[one[:6] for one in ids], "--metric", "mrr").out
    assert all(one in table for one in ids)
    assert "NDCG" not in table
    assert "SHARE OF THE CEILING" in runs("compare", *ids).out


def test_seeds_are_one_row(runs):
    found = runs.json("compare", "--of", "main", "--over-seeds")
    assert sorted(len(row["runs"]) for row in found["rows"]) == [1, 2]


@pytest.mark.parametrize(("name", "start"), [("runs.html", b"<!DOCTYPE"), ("runs.png", b"\x89PNG")])
def test_they_are_drawn(runs, name: str, start: bytes):
    runs("compare", "--of", "main", "-o", name)
    first = Path(name).read_bytes()
    assert first.startswith(start)
    assert "is there already" in runs("compare", "--of", "main", "-o", name, code=2).err
    runs("compare", "--of", "main", "-o", name, "--force")
    assert Path(name).read_bytes() == first


def test_what_cannot_be_compared_is_told(runs):
    one = runs.json("runs")["runs"][0]["id"]
    assert "nothing to compare with" in runs("compare", one, code=2).err
    assert "nothing to compare with" in runs("compare", one, one, code=2).err
    assert "no run named" in runs("compare", one, "zzz", code=2).err
    assert "name runs" in runs("compare", code=2).err
    assert "neither a page nor a picture" in runs("compare", "--of", "main", "-o", "x.txt", code=2).err
    assert "no metric named" in runs("compare", "--of", "main", "--metric", "mrrr", code=2).err


def test_a_matrix_is_trained_and_drawn(world):
    world("generate", "tiny", "--seed", "8", "--branch", "other")
    arguments = ("matrix", "main", "other", "--model", "linear", "--epochs", "2")
    found = world.json(*arguments, "-o", "m.png")
    assert len(found["cells"]) == 4
    assert all(cell["figure"]["chance"] < cell["figure"]["ceiling"] for cell in found["cells"])
    assert Path("m.png").read_bytes().startswith(b"\x89PNG")
    done = world(*arguments, "--metric", "mrr", "-o", "m.html")
    assert [line.split()[0] for line in done.out.splitlines()[1:]] == ["main", "other", "chance", "ceiling"]
    assert "main and HEAD are one commit" in world("matrix", "main", "HEAD", code=2).err
    for seed in (1, 2):
        small = ("--set", "time.days=1", "--set", "sessions.per_day_mean=0", "--seed", seed)
        world("generate", "tiny", *small, "--branch", f"bare{seed}")
    assert "nothing could be tested" in world("matrix", "bare1", "bare2", code=2).err
    assert world("matrix", "main", code=2).hint == "name two or more: `memento matrix main trial`"
    assert "no revision named" in world("matrix", "main", "nowhere", code=2).err
    assert "did you mean ndcg" in world(*arguments, "--metric", "ndgc", code=2).hint
