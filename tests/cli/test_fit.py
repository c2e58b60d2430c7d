from __future__ import annotations


def test_a_fit_is_a_scenario_that_can_be_generated(world):
    result = world("fit", "main", "-o", "twin.toml")
    assert "PLANTED" in result.out.upper()
    assert "planted values inside the interval of its estimate" in result.err
    assert "memento generate ./twin.toml" in result.hint
    document = world.json("fit", "main")
    row = next(row for row in document["estimates"] if row["key"] == "topics.stickiness")
    assert row["low"] <= row["value"] <= row["high"]
    assert row["planted"] == 0.4
    world("generate", "./twin.toml", "--branch", "twin")
    assert world.json("show", "twin")["counts"]["sessions"] > 10


def test_an_imported_world_has_no_planted_values(observed):
    result = observed("fit", "real")
    assert "planted" not in result.out.lower()
    assert "per_day_mean" in result.out


def test_bad_input(world):
    (world.folder / "here.toml").write_text("")
    assert "--force" in world("fit", "main", "-o", "here.toml", code=2).hint
    assert world("fit", "mian", code=2).hint
    assert "mkdir -p" in world("fit", "main", "-o", "no/where.toml", code=2).hint
