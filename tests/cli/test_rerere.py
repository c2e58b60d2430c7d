from __future__ import annotations

import pytest


@pytest.fixture
def decided(world):
    """A merge whose one conflict was answered, undone again."""
    world.a = world.ids("memories")[0]
    world("fork", "main", "trial")
    world("edit", "trial", f"memory:{world.a}", "importance=0.9")
    world("edit", "main", f"memory:{world.a}", "importance=0.2")
    world("merge", "trial", code=1)
    world("resolve", "--all", "--value", "0.5")
    world("merge", "--continue")
    world("undo")
    return world


def test_the_answer_is_offered_and_given_again(decided):
    stopped = decided("merge", "trial", code=1)
    assert "when merging trial into main you answered 0.5: memento resolve c" in stopped.out
    assert "`memento resolve --all --again` decides as before" in stopped.hint
    document = decided.json("conflicts")
    (conflict,) = document["conflicts"]
    assert document["remembered"][conflict["id"]]["value"] == 0.5
    decided("resolve", conflict["id"], "--again")
    decided("merge", "--continue")
    assert decided.json("show", f"memory:{decided.a}")["record"]["importance"] == 0.5


def test_all_at_once_and_only_what_was_answered(decided):
    decided("edit", "trial", f"memory:{decided.a}", "importance=0.95")
    decided("merge", "trial", code=1)
    assert "nothing that is open was answered before" in decided("resolve", "--all", "--again", code=2).err
    (conflict,) = decided.json("conflicts")["conflicts"]
    assert "was not answered before" in decided("resolve", conflict["id"], "--remembered", code=2).err
    assert "choose one way" in decided("resolve", "--all", "--again", "--ours", code=2).err


def test_listing_and_forgetting(decided):
    (answer,) = decided.json("rerere")["answers"]
    assert answer["place"] == f"memory:{decided.a}.importance"
    assert f"memory:{decided.a}.importance" in decided("rerere").out
    assert decided.json("rerere", "--forget", answer["id"][:7])["forgotten"] == [answer["id"]]
    assert "No answer is remembered" in decided("rerere").err
    assert decided.json("merge", "trial", code=1)["remembered"] == {}
    assert "Forgot 0 answers" in decided("rerere", "--forget", "--all").err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["n12"], "go with --forget"),
        (["--all"], "go with --forget"),
        (["--forget"], "name the answers"),
        (["--forget", "n12", "--all"], "name the answers"),
        (["--forget", "nothing"], "no remembered answer named"),
    ],
)
def test_bad_input_forgets_nothing(decided, arguments, says):
    assert says in decided("rerere", *arguments, code=2).err
    assert len(decided.json("rerere")["answers"]) == 1


def test_a_setting_gives_answers_by_itself(decided):
    decided("config", "memento.rerere", "auto")
    merged = decided.json("merge", "trial")
    assert merged["kind"] == "merged"
    assert [item["resolution"]["value"] for item in merged["settled"]] == [0.5]
    decided("undo")
    decided("undo")
    assert "offer, auto" in decided("config", "memento.rerere", "maybe", code=2).err
