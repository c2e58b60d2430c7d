"""``memento deploy-sim``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


def test_a_table_of_the_deployment(trained):
    done = trained("deploy-sim", "m.safetensors", "main", "--trained", "--no-retrain")
    rows = {line.split()[0] for line in done.out.splitlines() if "–" in line}
    assert {"baseline", "predictor", "served", "won,"} <= rows
    assert "cold start" in done.out
    assert "left out since training saw them" in done.out
    assert "-o trace.json" in done.hint


def test_a_trace_as_json_and_as_a_file(trained):
    found = trained.json("deploy-sim", "m.safetensors", "main", "--all-sessions", "-o", "trace.json")
    assert found["schema"] == "memento.deploy-sim/1"
    assert found["summary"]["sessions"] == len(found["trace"])
    assert found["settings"]["trained"] is False
    assert found["trace"][0]["why"] == "not trained yet"
    assert json.loads(Path("trace.json").read_text())["trace"] == found["trace"]
    assert "--force" in trained("deploy-sim", "m.safetensors", "main", "-o", "trace.json", code=2).hint
    own = trained.json("deploy-sim", "m.safetensors", "main")
    assert own["summary"]["sessions"] < found["summary"]["sessions"]


def test_a_checkpoint_of_signets_form(world):
    train = ("train", "main", "--model", "signet", "--epochs", "1", "-o", "s.safetensors", "--no-record")
    world(*train)
    world("export", "s.safetensors", "--format", "sgpt", "-o", "s.ckpt")
    found = world.json("deploy-sim", "s.ckpt", "main", "--trained", "--no-retrain")
    assert found["model"] == "signet"
    assert set(found["summary"]["refused"]) <= {"a candidate has no embedding"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("deploy-sim gone.safetensors", "no checkpoint named 'gone.safetensors'"),
        ("deploy-sim m.safetensors mian", "no revision named 'mian'"),
        ("deploy-sim .", "is a folder"),
        ("deploy-sim m.safetensors main -o gone/t.json", "no folder"),
        ("deploy-sim m.safetensors main -o -", "names no file"),
        ("deploy-sim m.safetensors main --no-retrain --rollback", "--no-retrain trains none"),
    ],
)
def test_refuses(trained, line: str, said: str):
    assert said in trained(*line.split(), code=2).err


def test_a_world_whose_every_session_was_seen(trained):
    trained("fork", "main", "short", "--at", "~3")
    trained("generate", "tiny", "--set", "time.days=1", "--set", "sessions.per_day_mean=0", "--branch", "bare")
    assert "bare has no session" in trained("deploy-sim", "m.safetensors", "bare", code=2).err
    refused = trained("deploy-sim", "m.safetensors", "short", code=2)
    assert "trained on all" in refused.err
    assert "--all-sessions" in refused.hint


def test_a_real_world_is_simulated_on_what_was_observed(trained, observed):
    found = observed.json("deploy-sim", "m.safetensors", "real", "--trained", "--no-retrain")
    assert found["summary"]["sessions"] > 0
