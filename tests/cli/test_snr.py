"""``memento snr``."""

from __future__ import annotations

from pathlib import Path

import pytest

QUICK = ("-m", "linear", "-e", "2", "--levels", "10,-10")


def test_a_table_with_the_threshold(world):
    done = world("snr", "main", *QUICK)
    rows = [line.split()[0] for line in done.out.splitlines() if " to " in line and "(" in line]
    assert rows[:3] == ["clean", "10", "-10"]
    assert "Under 80% of its clean value" in done.out
    assert "-o snr.html" in done.hint


def test_json_and_a_page(world):
    found = world.json("snr", "main", *QUICK, "--seeds", "2", "-o", "snr.html")
    assert [level["snr_db"] for level in found["levels"]] == [None, 10.0, -10.0]
    assert found["seeds"] == 2
    assert found["file"] == "snr.html"
    assert "<svg" in Path("snr.html").read_text()
    assert "--force" in world("snr", "main", *QUICK, "-o", "snr.html", code=2).hint


def test_like_a_checkpoint_and_against_another_world(trained):
    trained("generate", "tiny", "--seed", "8", "--branch", "other")
    found = trained.json("snr", "--like", "m.safetensors", "-e", "1", "--levels", "0")
    assert found["model"] == "interaction"
    assert found["revision"] == "main"
    against = trained.json("snr", "main", "--like", "m.safetensors", "-e", "1", "--levels", "0", "--against", "other")
    assert against["revision"] == "main against other"
    assert against["sessions"] > found["sessions"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("snr", "nothing to train on"),
        ("snr main --levels 10,loud,400", "'loud' is not a number; 400 is not from -60 to 100 dB"),
        ("snr main --levels nan", "nan is not from"),
        ("snr mian", "no revision named 'mian'"),
        ("snr main --model oracel", "no model named 'oracel'"),
        ("snr main --model recency", "recency learns nothing"),
        ("snr --like gone.safetensors", "no checkpoint named"),
        ("snr main -o gone/snr.html", "no folder"),
    ],
)
def test_refuses(world, line: str, said: str):
    assert said in world(*line.split(), code=2).err


def test_like_and_model_are_two_answers_to_one_question(trained):
    assert "leave out one" in trained("snr", "--like", "m.safetensors", "--model", "linear", code=2).hint


def test_a_real_world_has_no_noise_to_set(observed):
    assert "plants no patterns" in observed("snr", "real", *QUICK, code=2).err
