"""``memento train``."""

from __future__ import annotations

from pathlib import Path

import pytest

from memento.cli.learning import CONTEXTS, LABELS
from memento.models import LEARNERS, SHOWN
from memento.render import contexts, labels
from memento.train import checkpoint

QUICK = ("--epochs", "2")


def test_choices_are_those_of_their_rooms():
    assert tuple(labels.KINDS) == LABELS
    assert tuple(contexts.KINDS) == CONTEXTS


def test_writes_a_checkpoint_and_prints_baselines(world):
    done = world("train", "main", "--out", "m.safetensors", *QUICK)
    run = checkpoint.load(world.folder / "m.safetensors")
    assert run.scorer.name == "interaction"
    assert len(run.history) == 2
    rankers = [line.split()[0] for line in done.out.splitlines() if "(" in line and "–" in line]
    assert rankers == ["interaction", *SHOWN, "chance", "ceiling"]
    assert "parameters, 2 epochs" in done.out
    assert "memento evaluate m.safetensors main" in done.hint


def test_json_names_sources_history_and_reports(world):
    found = world.json("train", "main", "--model", "linear", "--out", "m.safetensors", *QUICK)
    assert found["schema"] == "memento.train/1"
    assert found["model"] == "linear"
    tip = world.json("log", "main", "-n", "1")["commits"][0]["id"]
    assert [source["commit"] for source in found["sources"]] == [tip]
    assert found["sources"][0]["revision"] == "main"
    assert [epoch["number"] for epoch in found["history"]] == [0, 1]
    rows = found["reports"][0]["rows"]
    assert {"model", "chance", "recency", "linear", "ceiling"} <= set(rows)
    assert 0 <= rows["chance"]["ndcg"]["value"] <= rows["ceiling"]["ndcg"]["value"] <= 1


def test_same_seed_gives_the_same_file(world):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        world("train", "main", "--seed", seed, "--out", f"{name}.safetensors", "--epochs", "1", "-q")
    read = [(world.folder / f"{name}.safetensors").read_bytes() for name in "abc"]
    assert read[0] == read[1] != read[2]


def test_a_mix_keeps_weights_and_both_commits(world):
    world("fork", "main", "early", "--at", "~2")
    found = world.json("train", "main:0.75", "early:0.25", "--model", "linear", "--out", "m.safetensors", *QUICK)
    assert [(source["revision"], source["weight"]) for source in found["sources"]] == [("main", 0.75), ("early", 0.25)]
    assert len({source["commit"] for source in found["sources"]}) == 2


def test_trains_on_observed_labels_of_a_real_world(observed):
    found = observed.json("train", "real", "--model", "linear", "--out", "m.safetensors", *QUICK)
    assert found["sources"][0]["spec"]["labels"] == "observed"
    assert "ceiling" not in found["reports"][0]["rows"]


def test_settings_reach_training(world):
    options = ("--set", "rate=0.01", "--set", "batch=4", "--set", "shuffle=no")
    found = world.json("train", "main", "--model", "linear", "--out", "m.safetensors", *QUICK, *options)
    assert (found["training"]["rate"], found["training"]["batch"], found["training"]["shuffle"]) == (0.01, 4, False)


def test_dimension_of_a_sidecar_checkpoint(world):
    world("train", "main", "--model", "signet", "--dimension", "16", "--out", "m.safetensors", "--epochs", "1")
    assert checkpoint.load(world.folder / "m.safetensors").scorer.config["dimension"] == 16


class TestRefuses:
    @pytest.mark.parametrize("weight", ["0", "-1", "nan", "inf", "much"])
    def test_a_weight_that_is_none(self, world, weight: str):
        done = world("train", f"main:{weight}", "--out", "m.safetensors", code=2)
        assert "weight" in done.err
        assert not (world.folder / "m.safetensors").exists()

    def test_an_unknown_model(self, world):
        done = world("train", "main", "--model", "signt", "--out", "m.safetensors", code=2)
        assert "signet" in done.hint

    def test_a_model_that_learns_nothing(self, world):
        done = world("train", "main", "--model", "recency", "--out", "m.safetensors", code=2)
        assert "learns nothing" in done.err
        assert "recency" not in done.hint

    def test_a_revision_that_is_named_twice(self, world):
        done = world("train", "main", "main:2", "--out", "m.safetensors", code=2)
        assert "main is named twice" in done.err
        done = world("train", "main", "HEAD", "--out", "m.safetensors", code=2)
        assert "main and HEAD are one commit" in done.err

    def test_an_unknown_revision(self, world):
        assert "main" in world("train", "mian", "--out", "m.safetensors", code=2).hint

    def test_a_file_that_is_there(self, world):
        Path("m.safetensors").write_text("mine")
        assert "--force" in world("train", "main", "--out", "m.safetensors", *QUICK, code=2).hint
        assert Path("m.safetensors").read_text() == "mine"

    def test_a_missing_folder_before_any_work(self, world):
        assert "mkdir -p no" in world("train", "main", "--out", "no/m.safetensors", code=2).hint

    def test_observed_labels_of_a_planted_world(self, world):
        done = world("train", "main", "--labels", "observed", "--out", "m.safetensors", code=2)
        assert "observed relevance" in done.err

    def test_faulty_settings_all_at_once(self, world):
        options = ("--set", "rate", "--set", "seed=3", "--set", "=4")
        done = world("train", "main", "--out", "m.safetensors", *options, code=2)
        assert "3 faults" in done.err
        done = world("train", "main", "--out", "m.safetensors", "--set", "rote=1", code=2)
        assert "rate" in done.err

    def test_no_revision(self, world):
        world("train", "--out", "m.safetensors", code=2)


def test_help_lists_the_models():
    from click.testing import CliRunner

    from memento.cli.main import cli

    text = CliRunner().invoke(cli, ["train", "--help"]).output
    assert all(f"{name}: " in " ".join(text.split()) for name in LEARNERS)


def test_training_begins_at_a_checkpoint(world):
    """A fine-tuned model knows the sources and the sessions of the one that it began at."""
    world("generate", "tiny", "--seed", 8, "--branch", "other")
    world("train", "other", "-o", "first.safetensors", "-e", 2, "-m", "linear")
    document = world.json(
        "train", "main", "--init", "first.safetensors", "-o", "tuned.safetensors", "-e", 0, "-m", "linear"
    )
    assert [source["revision"] for source in document["sources"]] == ["main", "other"]
    tuned = world.json("evaluate", "tuned.safetensors", "other", "--no-canaries", "--no-record")["report"]
    first = world.json("evaluate", "first.safetensors", "other", "--no-canaries", "--no-record")["report"]
    assert tuned["seen"] == first["seen"] > 0
    assert tuned["rows"]["model"] == first["rows"]["model"]
    assert (
        "cannot begin at linear"
        in world("train", "main", "--init", "first.safetensors", "-o", "x", "-e", 0, code=2).err
    )
    assert world("train", "main", "--init", "nothing.safetensors", "-o", "x", code=2).hint
    assert "same" in world("verify", "tuned.safetensors").out


def test_a_source_of_both_trainings_is_told_once(world):
    world("train", "main", "-o", "first.safetensors", "-e", 1, "-m", "linear")
    result = world("train", "main", "--init", "first.safetensors", "-o", "more.safetensors", "-e", 1, "-m", "linear")
    assert result.out.count("sessions fitted") == 1


def test_the_hint_names_no_revision_that_training_saw_whole(world):
    whole = ("--set", "fit=0.9", "--set", "validation=0.1")
    result = world("train", "main", "-o", "whole.safetensors", "-e", 1, "-m", "linear", *whole)
    assert "evaluate whole.safetensors REV" in result.hint


def test_a_device_that_there_is_not_and_faulty_precisions_are_refused(world, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    head = ("train", "main", "--out", "m.safetensors")
    done = world(*head, "--device", "cuda", code=2)
    assert "no CUDA device" in done.err
    assert "--device auto" in done.hint
    assert "bfloat16" in world(*head, "--set", "precision=half", code=2).err
    exact = world(*head, "--model", "signet", "--set", "exact=true", "--set", "precision=bfloat16", code=2)
    assert "exact takes precision='float32' alone" in exact.err
    assert "leave out --compile" in world(*head, "--contrast", "cl4srec", "--compile", code=2).hint
    assert not (world.folder / "m.safetensors").exists()


def test_auto_takes_the_cpu_and_gives_its_bytes(world, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    for name in ("cpu", "auto"):
        world("train", "main", "--out", f"{name}.safetensors", "--device", name, "--model", "mlp", *QUICK)
    assert (world.folder / "cpu.safetensors").read_bytes() == (world.folder / "auto.safetensors").read_bytes()
