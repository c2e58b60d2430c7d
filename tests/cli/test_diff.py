from __future__ import annotations

import pytest


@pytest.fixture
def trial(world):
    """Main and trial, parted: each with an edit of its own."""
    a, b, c = world.ids("memories")[:3]
    world("fork", "main", "trial")
    world("edit", "trial", f"memory:{a}", "importance=0.9", "text=new words", f"memory:{b}", "pinned=yes")
    world("edit", "trial", "memory:new", "id=fresh", "text=A new memory", "created_at=2026-02-01T00:00:00Z")
    world("edit", "main", f"memory:{c}", "importance=0.11")
    world.a, world.b, world.c = a, b, c
    return world


def test_field_by_field(trial):
    document = trial.json("diff", "main", "trial")
    part = document["tables"]["memories"]
    assert document["stat"]["memories"] == {"added": 1, "removed": 0, "changed": 3}
    assert [record["id"] for record in part["added"]] == ["fresh"]
    changed = {change["key"]: change["fields"] for change in part["changed"]}
    assert set(changed[trial.a]) == {"importance", "text"}
    assert changed[trial.a]["importance"]["after"] == 0.9
    assert changed[trial.b] == {"pinned": {"before": False, "after": True}}
    text = trial("diff", "main", "trial").out
    assert f"memory:{trial.a}" in text
    assert "→ 0.9" in text
    assert "A new memory" in text


def test_three_dots_show_one_side(trial):
    keys = {c["key"] for c in trial.json("diff", "main...trial")["tables"]["memories"]["changed"]}
    assert keys == {trial.a, trial.b}
    assert trial.json("diff", "main..trial")["tables"] == trial.json("diff", "main", "trial")["tables"]
    assert trial.json("diff", "...trial")["stat"] == trial.json("diff", "main...trial")["stat"]


def test_one_revision_and_none(trial):
    assert trial.json("diff", "trial")["tables"] == trial.json("diff", "trial", "main")["tables"]
    last = trial.json("diff")
    assert [c["key"] for c in last["tables"]["memories"]["changed"]] == [trial.c]
    assert last["new"]["revision"] == "HEAD"


def test_stat(trial):
    assert trial("diff", "main", "trial", "--stat").out == "memories  1 added, 3 changed\n"
    assert "tables" not in trial.json("diff", "main", "trial", "--stat")


def test_narrowed_to_records_and_tables(trial):
    one = trial.json("diff", "main", "trial", "--", f"memory:{trial.b}")
    assert one["stat"] == {"memories": {"added": 0, "removed": 0, "changed": 1}}
    assert trial.json("diff", "main", "trial", "--table", "sessions")["stat"] == {}
    assert (
        trial.json("diff", "main", "trial", "--table", "memory")["stat"] == trial.json("diff", "main", "trial")["stat"]
    )
    gone = trial("diff", "main", "trial", "--", "memory:nope", code=2)
    assert "no memory named 'nope'" in gone.err
    assert "`memento show trial --table memories`" in gone.hint
    same = f"memory:{trial.ids('memories')[-1]}"
    assert "No difference" in trial("diff", "main", "trial", "--", same).err


def test_limit(trial):
    lines = trial("diff", "main", "trial", "-n", "1").out.splitlines()
    assert lines[-1] == "… and 3 records more"


def test_exit_code(trial):
    trial("diff", "main", "trial", "--exit-code", code=1)
    result = trial("diff", "main", "main", "--exit-code", code=0)
    assert result.out == ""
    assert "No difference" in result.err
    assert trial.json("diff", "main", "main")["stat"] == {}


def test_the_manifest_is_compared_name_by_name(world):
    text = world("diff", "main~1", "main").out
    assert "manifest clock" in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["main", "trail"], "did you mean trial"),
        (["a", "b", "c"], "two revisions"),
        (["main", "trial", "--table", "memmories"], "did you mean memories"),
        (["main...trail"], "did you mean trial"),
        (["main", "trial", "--", "memory:"], "memory:"),
    ],
)
def test_bad_input(trial, arguments, says):
    assert says in trial("diff", *arguments, code=2).err


def test_worlds_without_a_common_past(world):
    world("generate", "tiny", "--seed", "8", "--branch", "other")
    assert world.json("diff", "main", "other")["stat"]
    assert "no commit in common" in world("diff", "main...other", code=2).err


def test_what_a_model_sees(world):
    world("fork", "main", "trial")
    memory = world.ids("memories")[0]
    world("edit", "trial", f"memory:{memory}", "created_at=2025-01-01", "importance=0.9")
    said = world("diff", "main", "trial", "--rendered").out
    assert "columns of 17 just as before" in said
    assert "labels:" in said
    document = world.json("diff", "main", "trial", "--rendered", "--labels", "clean")["rendered"]
    assert document["tried"] + document["left_out"] <= 1
    assert len(document["drift"]) == 17
    assert world("diff", "main", "main", "--rendered", "--exit-code").code == 0
    assert world("diff", "main", "trial", "--rendered", "--exit-code", code=1)
    assert world("diff", "main", "trial", "--rendered", "--stat", code=2).hint
    assert world("diff", "main", "trial", "--labels", "clean", code=2).hint
