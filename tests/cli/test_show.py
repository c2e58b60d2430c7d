from __future__ import annotations

import pytest


def test_a_commit_with_its_world_and_its_changes(world):
    document = world.json("show")
    assert document["commit"]["refs"] == ["HEAD -> main"]
    assert document["manifest"]["seed"] == 7
    assert document["counts"]["memories"] >= 40
    assert document["changes"]["sessions"]["added"] > 0
    text = world("show").out
    assert document["commit"]["id"] in text
    assert "tiny" in text
    assert f"{document['counts']['memories']} memories" in text
    assert world.json("show", "main~2")["changes"] is None or True


def test_the_first_commit_has_no_changes_before_it(world):
    first = world.json("log")["commits"][-1]["id"]
    assert world.json("show", first)["changes"] is None
    world("show", first)


@pytest.mark.parametrize(
    "table", ["entities", "aspects", "dependencies", "memories", "sessions", "turns", "candidates"]
)
def test_every_table(world, table):
    document = world.json("show", "main", "--table", table)
    assert document["table"] == table
    assert len(document[table]) == document["count"] == world.json("show")["counts"][table]
    result = world("show", "main", "--table", table)
    assert len(result.out.splitlines()) == (document["count"] + 1 if document["count"] else 0)


def test_singular_names_and_limits(world):
    document = world.json("show", "-t", "memory", "--limit", "3")
    assert len(document["memories"]) == 3
    assert document["count"] > 3
    result = world("show", "-t", "memory", "-n", "3")
    assert len(result.out.splitlines()) == 4
    assert "--limit 0" in result.err


def test_grep_and_where(world):
    records = world.json("show", "-t", "memories")["memories"]
    word = records[0]["text"].split()[0].upper()
    found = world.json("show", "--grep", word)["memories"]
    assert records[0] in found
    assert all(word.lower() in str(record).lower() for record in found)
    kinds = world.json("show", "--where", "kind=constraint", "--where", "pinned=no")["memories"]
    assert [r for r in records if r["kind"] == "constraint" and not r["pinned"]] == kinds
    assert "match" in world("show", "--grep", "no such words anywhere").err


def test_a_record_now_and_then(world):
    memory = world.ids("memories", "main~1")[0]
    before = world.json("show", f"memory:{memory}")
    world("edit", "main", f"memory:{memory}", "text=changed", "importance=0.9")
    assert world.json("show", f"memory:{memory}")["record"]["text"] == "changed"
    assert world.json("show", f"memory:{memory}@main~1")["record"] == before["record"]
    text = world("show", f"memory:{memory}").out
    assert "changed" in text
    assert "importance" in text
    assert "entity" in text


def test_a_candidate(world):
    row = world.json("show", "-t", "candidates", "-n", "1")["candidates"][0]
    assert world.json("show", f"candidate:{row['session']}/{row['memory']}")["record"] == row


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["mian"], "did you mean main"),
        (["main", "--table", "memries"], "did you mean memor"),
        (["memory:nope"], "no memory named 'nope'"),
        (["memory:nope@mian"], "did you mean main"),
        (["memory:x@"], "memory:x@"),
        ([":x"], ":x"),
        (["--where", "kidn=x"], "did you mean kind"),
        (["--where", "kind=x"], "constraint"),
        (["--where", "kind"], "FIELD=VALUE"),
        (["memory:x", "--table", "memories"], "--table"),
    ],
)
def test_bad_input(world, arguments, says):
    result = world("show", *arguments, code=2)
    assert says in result.err
    assert result.out == ""
