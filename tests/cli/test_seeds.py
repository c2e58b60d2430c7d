"""``memento train --seeds``."""

from __future__ import annotations

from pathlib import Path

from memento.cli.progress import Progress
from memento.train import checkpoint

ARGUMENTS = ("train", "main", "--out", "m.safetensors", "--epochs", "2", "--model", "linear")


def test_each_seed_has_a_file_and_the_best_stands_at_the_name(world):
    found = world.json(*ARGUMENTS, "--seeds", "3", "--seed", "4")
    assert [row["seed"] for row in found["seeds"]] == [4, 5, 6]
    assert [row["file"] for row in found["seeds"]] == [f"m-{seed}.safetensors" for seed in (4, 5, 6)]
    best = max(found["seeds"], key=lambda row: row["metrics"]["ndcg"])
    assert Path("m.safetensors").read_bytes() == Path(best["file"]).read_bytes()
    assert found["training"]["seed"] == best["seed"]
    over = found["over_seeds"]["main"]
    each = [checkpoint.load(row["file"]).metrics["ndcg"] for row in found["seeds"]]
    assert each == [row["metrics"]["ndcg"] for row in found["seeds"]]
    assert over["ndcg"]["low"] <= over["ndcg"]["value"] <= over["ndcg"]["high"]
    assert len(found["runs"]) == len(set(found["runs"])) == 3
    assert {run["training"]["seed"] for run in world.json("runs")["runs"]} == {4, 5, 6}


def test_a_seed_among_others_gives_the_file_that_it_gives_alone(world):
    world(*ARGUMENTS, "--seeds", "2")
    world("train", "main", "--out", "alone.safetensors", *ARGUMENTS[4:], "--seed", "1")
    assert Path("m-1.safetensors").read_bytes() == Path("alone.safetensors").read_bytes()


def test_people_read_a_table_and_the_interval(world):
    done = world(*ARGUMENTS, "--seeds", "2")
    assert "over 2 seeds: NDCG@10" in done.out
    assert "m-0.safetensors" in done.out
    assert "its last sessions, the best seed:" in done.out
    assert "and one for each seed" in done.err


def test_no_file_of_a_seed_is_replaced(world):
    Path("m-1.safetensors").write_text("mine")
    assert "m-1.safetensors is there already" in world(*ARGUMENTS, "--seeds", "2", code=2).err
    assert not Path("m.safetensors").exists()
    world(*ARGUMENTS, "--seeds", "2", "--force")
    assert checkpoint.load("m-1.safetensors").config.seed == 1


def test_stopped_seeds_are_gone_on_with(world, monkeypatch):
    def update(self, done, total=None, note=""):
        if done == 3:
            raise KeyboardInterrupt

    arguments = (*ARGUMENTS, "--seeds", "2")
    with monkeypatch.context() as patch:
        patch.setattr(Progress, "update", update)
        hint = world(*arguments, code=130).hint
    assert "m-0.safetensors.partial" in hint
    assert "m-0.safetensors.partial" in world(*arguments, code=2).err
    world(*arguments, "--resume")
    resumed = [Path(f"m-{seed}.safetensors").read_bytes() for seed in (0, 1)]
    assert not list(Path().glob("*.partial"))
    world(*arguments, "--force")
    assert [Path(f"m-{seed}.safetensors").read_bytes() for seed in (0, 1)] == resumed
