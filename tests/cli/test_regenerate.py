import pytest


def test_one_command_and_one_seed_give_one_commit(world):
    made = world.json("regenerate", "main", "-b", "told", "--epochs", "2", "--k", "3")
    again = world.json("regenerate", "main", "-b", "again", "--epochs", "2", "--k", "3")
    other = world.json("regenerate", "main", "-b", "other", "--epochs", "2", "--k", "3", "--seed", "1")
    assert made["commit"] == again["commit"] != other["commit"]
    assert 0 < made["pattern_length_ratio"] < 1
    assert made["pattern_rows"] > 0
    assert "all is well" in world("fsck").err
    world("undo")
    assert "other" not in world("branch").out


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["main", "-b", "main"], "already"),
        (["main", "-b", "x", "--gamma", "often"], "release"),
        (["main", "-b", "x", "--beta", "100000"], "--beta"),
        (["main", "-b", "x", "--alpha", "9"], "--alpha"),
    ],
)
def test_what_cannot_be_told_is_refused(world, line, words):
    result = world("regenerate", *line, code=2)
    assert words in result.err + result.hint


def test_rows_that_serve_a_target_model_and_what_they_are_worth(world):
    quick = ("--epochs", "1", "--steps", "20")
    told = world.json("regenerate", "main", "-b", "kept", "--personalise", *quick)
    assert told["regenerated_rows"] >= 0
    assert told["dropped_rows"] >= 0
    assert "personalised" in world("show", "kept").out
    found = world.json("regenerate", "main", "--uplift", "--seeds", "2", *quick)
    assert [arm["name"] for arm in found["arms"]] == ["original", "with patterns", "with regenerated", "personalised"]
    assert "held out" in world("regenerate", "main", "--uplift", "--seeds", "2", *quick).out
    assert world("regenerate", "main", code=2).hint
    assert world("regenerate", "main", "-b", "a..b", code=2).hint
