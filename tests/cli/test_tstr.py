"""``memento tstr``: the four figures, and the training sets that it refuses."""

from __future__ import annotations

ONCE = ("--seeds", 1, "-e", 1, "-m", "linear")


def test_real_and_synthetic_are_set_against_each_other(observed):
    result = observed("tstr", "--real", "real", "--split", 0.6, "--synthetic", "main~1", *ONCE, code=2)
    assert "main~1 knows the later sessions of real" in result.err
    observed("generate", "tiny", "--seed", 9, "--branch", "apart")
    result = observed("tstr", "--real", "real", "--split", 0.6, "--synthetic", "apart", *ONCE)
    assert all(name in result.out for name in ("TRTR", "TSTR", "TRTS", "TSTS", "cosine", "TSTR / TRTR"))
    document = observed.json(
        "tstr", "--real", "real", "--test", "apart", "--synthetic", "real", *ONCE, "--fidelity", "--steps", 2
    )
    assert document["schema"] == "memento.tstr/1"
    assert document["rows"]["TRTR"]["n"] == document["tested"]
    assert "MMD" in document["fidelity"]["measures"]


def test_a_mix_that_knows_the_test_is_refused(observed):
    result = observed("tstr", "--real", "real", "--test", "main", "--synthetic", "main~1", *ONCE, code=2)
    assert "real knows main: 34 of 34 sessions by id" in result.err
    assert "fork" in result.hint
    observed("edit", "main", f"memory:{observed.ids('memories')[0]}", "importance=0.5")
    result = observed("tstr", "--real", "main", "--test", "main~1", "--synthetic", "main", *ONCE, code=2)
    assert "was made from" in result.err


def test_roles_are_asked_for(observed):
    assert observed("tstr", "--real", "real", "--synthetic", "main", *ONCE, code=2).hint
    split = ("tstr", "--real", "real", "--split", 0.5)
    assert "--fidelity" in observed(*split, "--synthetic", "apart", "--steps", 5, *ONCE, code=2).err
    assert "twice as --real" in observed(*split, "--real", "real", "--synthetic", "main", *ONCE, code=2).err
    both = ("--test", "main", "--split", 0.5)
    assert observed("tstr", "--real", "real", *both, "--synthetic", "main", *ONCE, code=2).hint
    assert observed("tstr", "--real", "nothing", "--test", "main", "--synthetic", "main", code=2).hint
    bad = ("--set", "seed=3")
    assert "--seed" in observed("tstr", "--real", "real", "--split", 0.5, "--synthetic", "main", *bad, code=2).err
