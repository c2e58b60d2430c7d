"""``memento evaluate``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from memento.models import BASELINES, SHOWN
from memento.render import storage

CANARIES = ["selective copying", "temporal induction", "recency ordering", "supersession", "combined pattern"]


def test_stands_beside_baselines_and_ceiling(trained):
    done = trained("evaluate", "m.safetensors", "main", "--no-canaries")
    rows = {line.split()[0]: line for line in done.out.splitlines() if "–" in line}
    assert list(rows) == ["interaction", *SHOWN, "chance", "ceiling"]
    assert rows["ceiling"].rstrip().endswith("100.0%")
    assert "that training did not see" in done.out
    assert "CANARY" not in done.out


def test_baselines_can_be_chosen(trained):
    def rows(names: str) -> list[str]:
        words = ("evaluate", "m.safetensors", "main", "--no-canaries", "--no-record", "--baselines", names)
        return [line.split()[0] for line in trained(*words).out.splitlines() if "–" in line]

    assert rows("copy,recency") == ["interaction", "copy", "recency", "chance", "ceiling"]
    assert set(rows("all")) == {"interaction", *BASELINES, "chance", "ceiling"}
    for faulty in ("recncy", "recency,", "mlp", ""):
        assert trained("evaluate", "m.safetensors", "main", "--baselines", faulty, code=2).err


def test_canaries_are_shown_as_they_are(trained):
    done = trained("evaluate", "m.safetensors", "main", "--episodes", "20")
    assert all(name in done.out for name in CANARIES)
    assert "of 5 canaries passed" in done.out
    assert "0.85" in done.out


def test_json_has_report_and_canaries(trained):
    found = trained.json("evaluate", "m.safetensors", "main", "--episodes", "20")
    assert found["schema"] == "memento.evaluate/1"
    rows = found["report"]["rows"]
    figure = rows["model"]["ndcg"]
    assert figure["low"] <= figure["value"] <= figure["high"] <= 1
    assert rows["chance"]["ndcg"]["value"] < rows["ceiling"]["ndcg"]["value"]
    assert list(found["canaries"]["verdicts"]) == CANARIES
    asked = [outcome for outcome in found["canaries"]["outcomes"] if outcome["share"]["n"]]
    assert all(outcome["share"]["n"] == 20 for outcome in asked)
    assert found["canaries"]["noise"] == []


def test_canaries_ask_three_hundred_times_unless_told(trained):
    found = trained.json("evaluate", "m.safetensors", "main")
    assert all(outcome["share"]["n"] in (0, 300) for outcome in found["canaries"]["outcomes"])


def test_noise_curve_trains_again(trained):
    found = trained.json("evaluate", "m.safetensors", "main", "--episodes", "5", "--noise-curve")
    measures = [outcome["measure"] for outcome in found["canaries"]["noise"]]
    assert {measure.rpartition(", ")[2] for measure in measures} == {"10 dB", "0 dB", "-10 dB"}


def test_contract_tests_stand_beside_the_canaries(trained):
    done = trained("evaluate", "m.safetensors", "main", "--contracts", "--no-canaries", "--episodes", "20")
    assert "contract tests hold" in done.out
    assert "not asked: session gap: the world plants no gap" in done.out
    assert "CANARY" not in done.out
    found = trained.json("evaluate", "m.safetensors", "main", "--contracts", "--episodes", "20")
    assert found["contracts"]["schema"] == "memento.contracts/1"
    assert found["contracts"]["verdicts"]["session gap"] is None
    assert found["contracts"]["verdicts"]["recency decay"] in (True, False)
    assert found["canaries"]["sharp"]["temporal induction"] in (True, False)
    metrics = [set(run["metrics"]) for run in trained.json("runs")["runs"]]
    assert any({"contract.recency", "sharp.temporal", "canary.temporal"} <= names for names in metrics)


def test_a_noise_curve_without_canaries_is_refused(trained):
    refused = trained("evaluate", "m.safetensors", "main", "--noise-curve", "--no-canaries", code=2)
    assert "--noise-curve asks canaries" in refused.err


def test_a_fork_is_judged_on_sessions_that_training_did_not_see(trained):
    trained("fork", "main", "trial")
    memory = trained.ids("memories")[0]
    trained("edit", "trial", f"memory:{memory}", "importance=0.77")
    main, trial = (trained.json("evaluate", "m.safetensors", r, "--no-canaries")["report"] for r in ("main", "trial"))
    assert main["seen"] == trial["seen"] > 0
    assert main["commit"] != trial["commit"]


def test_a_real_world_has_no_ceiling_and_no_canaries(trained, observed):
    done = observed("evaluate", "m.safetensors", "real")
    assert "ceiling  " not in done.out
    assert "planted patterns" in done.err
    found = observed.json("evaluate", "m.safetensors", "real", "--contracts")
    assert found["canaries"] is None
    assert found["contracts"] is None
    assert found["report"]["labels"] == "observed"


class TestRefuses:
    def test_a_missing_checkpoint(self, world):
        done = world("evaluate", "gone.safetensors", "main", code=2)
        assert "no checkpoint named 'gone.safetensors'" in done.err
        assert "memento train" in done.hint

    def test_a_mistyped_checkpoint(self, trained):
        assert "did you mean m.safetensors" in trained("evaluate", "n.safetensors", "main", code=2).hint

    def test_a_file_that_is_no_checkpoint(self, world):
        Path("text.safetensors").write_text("not at all")
        done = world("evaluate", "text.safetensors", "main", code=None)
        assert done.code in (2, 4)
        assert "text.safetensors" in done.err
        world("render", "main")
        assert "not a checkpoint" in world("evaluate", "main.safetensors", "main", code=2).err

    def test_a_checkpoint_of_a_newer_version(self, trained):
        arrays, metadata = storage.read("m.safetensors")
        storage.write("new.safetensors", arrays, metadata | {"format": "99"})
        done = trained("evaluate", "new.safetensors", "main", code=4)
        assert "format 99" in done.err
        assert "upgrade" in done.hint

    def test_a_checkpoint_that_lost_a_tensor(self, trained):
        arrays, metadata = storage.read("m.safetensors")
        arrays.pop(next(name for name in arrays if name.startswith("model.")))
        storage.write("part.safetensors", arrays, metadata)
        assert "part.safetensors" in trained("evaluate", "part.safetensors", "main", code=4).err

    def test_an_unknown_revision(self, trained):
        assert "main" in trained("evaluate", "m.safetensors", "mian", code=2).hint

    def test_a_world_whose_every_session_was_seen(self, trained):
        trained("fork", "main", "short", "--at", "~3")
        assert "trained on all" in trained("evaluate", "m.safetensors", "short", code=2).err

    @pytest.mark.parametrize("episodes", ["0", "many"])
    def test_episodes_that_are_none(self, trained, episodes: str):
        trained("evaluate", "m.safetensors", "main", "--episodes", episodes, code=2)


def test_errors_are_json_too(world):
    assert json.loads(world("evaluate", "gone", "main", "--json", code=2).out)["schema"] == "memento.error/1"


def test_what_is_no_file_is_called_what_it_is(trained):
    assert "is a folder" in trained("evaluate", ".", "main", code=2).err
    assert "no regular file" in trained("evaluate", "/dev/null", "main", code=2).err
