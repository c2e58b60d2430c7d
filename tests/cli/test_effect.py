from __future__ import annotations

AT = ("--at-time", "2026-03-18T10:00:00Z", "--set", "memories.births_per_session=2")


def test_drift_rankers_and_a_placebo(trained):
    trained("replay", "main", "busier", *AT)
    result = trained("effect", "main", "busier", "--checkpoint", "m.safetensors")
    assert "Rows untouched" in result.out
    assert "NDCG@10 of interaction" in result.out
    assert "told again from 2026-03-18T10:00:00Z with nothing set is main, to the byte" in result.out
    assert "--rendered" in result.hint
    document = trained.json("effect", "main", "busier")
    assert document["placebo"]["verdict"] == "equal"
    assert set(document["drift"][0]["psi"]) == {"value", "low", "high", "n"}
    assert "is another world" in trained("effect", "busier", "main").out


def test_a_world_that_was_observed_has_no_placebo(observed):
    assert "there is none; real was not simulated" in observed("effect", "real", "real").out


def test_bad_input(trained):
    trained("generate", "tiny", "--seed", "77", "--branch", "apart")
    assert "no session in common" in trained("effect", "main", "apart", code=2).err
    assert trained("effect", "main", "mian", code=2).hint
    assert trained("effect", "main", "main", "--checkpoint", "none.safetensors", code=2).hint
