from __future__ import annotations

import pytest


def test_each_field_names_its_commit(world):
    memory = world.ids("memories")[0]
    edited = world.json("edit", "main", f"memory:{memory}", "importance=0.123", "-m", "more important")["commit"]
    document = world.json("blame", f"memory:{memory}")
    assert document["record"] == f"memory:{memory}"
    assert document["fields"]["importance"] == {"value": 0.123, "commit": edited}
    assert document["commits"][edited]["message"] == "more important"
    others = {field["commit"] for name, field in document["fields"].items() if name != "importance"}
    assert edited not in others
    text = world("blame", "main", f"memory:{memory}").out
    line = next(line for line in text.splitlines() if " importance " in line)
    assert line.startswith(edited[:8])
    assert "0.123" in line
    assert "more important" in line
    assert edited not in str(world.json("blame", "main~1", f"memory:{memory}"))
    assert world.json("blame", f"memory:{memory}@main~1") == world.json("blame", "main~1", f"memory:{memory}")
    assert list(world.json("blame", f"memory:{memory}", "-f", "importance")["fields"]) == ["importance"]


def test_a_record_that_never_changed_has_one_commit(world):
    entity = world.ids("entities")[0]
    assert len(world.json("blame", f"entity:{entity}")["commits"]) == 1


def test_the_manifest(world):
    document = world.json("blame", "main", "manifest")
    assert document["fields"]["seed"]["value"] == 7
    assert world("blame", "manifest", "--field", "clock").out.count("\n") == 2


def test_a_deleted_record_names_the_commit(world):
    memory = world.ids("memories")[0]
    gone = world.json("edit", "main", f"memory:{memory}", "--delete", "--cascade")["commit"]
    result = world("blame", f"memory:{memory}", code=2)
    assert f"commit {gone[:10]}" in result.err
    assert "removed it" in result.err
    assert world.json("blame", f"{gone[:10]}~1", f"memory:{memory}")["fields"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "missing argument"),
        (["main"], "takes one record"),
        (["memory:a", "memory:b"], "takes one record"),
        (["main", "main~1", "memory:a"], "takes one record"),
        (["main", "memory:a@main"], "takes one record"),
        (["memory:nothing"], "no memory named"),
        (["mian", "memory:nothing"], "did you mean main"),
        (["memry:x"], "did you mean memor"),
        (["manifest", "-f", "sed"], "a manifest has no sed"),
        (["memory:x", "-f", "imprtance"], "did you mean importance"),
    ],
)
def test_bad_input(world, arguments, says):
    result = world("blame", *arguments, code=2)
    assert says in result.err
    assert result.out == ""
