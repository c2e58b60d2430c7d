from __future__ import annotations

import subprocess

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


@pytest.mark.parametrize("table", ["memories", "entities", "sessions", "turns", "candidates", "aspects"])
def test_a_table_is_listed_by_time_and_then_by_id_in_plain_and_in_json(world, table):
    rows = world.json("show", "-t", table)[table]
    starts = {row["id"]: row["started_at"] for row in world.json("show", "-t", "sessions")["sessions"]}
    times = [row.get("created_at", row.get("started_at", starts.get(row.get("session"), 0))) for row in rows]
    assert times == sorted(times)
    first = "session" if table == "candidates" else "id"
    assert [line.split()[0] for line in world("show", "-t", table).out.splitlines()[1:]] == [r[first] for r in rows]
    if table == "candidates":
        ranks = [row["rank"] for row in rows if row["session"] == rows[0]["session"]]
        assert ranks == sorted(ranks)
    if table == "turns":
        spoken = [row["id"] for row in rows if row["session"] == rows[0]["session"]]
        assert spoken == [f"{rows[0]['session']}.{number}" for number in range(len(spoken))]


def corrupt(world, path):
    """Flips bytes in the middle of one object of the tip of main."""
    pack = next((world.folder / ".memento" / "objects" / "pack").glob("*.pack"))
    git = ["git", "--git-dir", str(world.folder / ".memento")]
    name = subprocess.run([*git, "rev-parse", path], capture_output=True, text=True, check=True).stdout.strip()
    listed = subprocess.run([*git, "verify-pack", "-v", str(pack)], capture_output=True, text=True, check=True)
    row = next(line.split() for line in listed.stdout.splitlines() if line.startswith(name))
    size, offset = int(row[3]), int(row[4])
    pack.chmod(0o644)
    data = bytearray(pack.read_bytes())
    middle = offset + size // 2
    data[middle : middle + 4] = bytes(byte ^ 0xFF for byte in data[middle : middle + 4])
    pack.write_bytes(data)
    return name


def test_a_commit_with_a_corrupt_table_shows_the_rest_and_names_the_object(world):
    sizes = world.json("show")["counts"]
    name = corrupt(world, "main:memories/_")
    result = world("show", code=4)
    assert f"Error: corrupt object {name} (memories/_)" in result.err
    assert result.hint
    assert f"{sizes['sessions']} sessions" in result.out
    assert "World:   simulated from tiny" in result.out
    document = world.json("show", code=4)
    assert document["counts"] == {table: count for table, count in sizes.items() if table != "memories"}
    assert [name in fault for fault in document["faults"]] == [True]
    assert world("show", "--table", "entities").out
    assert name in world("show", "--table", "memories", code=4).err


@pytest.mark.parametrize(("path", "left"), [("main:manifest", "58 memories"), ("main^{tree}", "Time:")])
def test_a_commit_with_a_corrupt_manifest_or_folder_is_shown_as_far_as_it_goes(world, path, left):
    count = world.json("show")["counts"]["memories"]
    name = corrupt(world, path)
    result = world("show", code=4)
    assert result.err.count("Error: ") == 1
    assert name in result.err
    assert left.replace("58", str(count)) in result.out
    assert world.json("show", code=4)["manifest"] is None


def test_the_turns_are_listed_where_the_sessions_are_corrupt(world):
    corrupt(world, "main:history/0")
    assert world.json("show", "--table", "turns")["count"] > 0
    world("show", "--table", "sessions", code=4)


def test_nothing_stands_behind_an_empty_field(world):
    memory = world.ids("memories")[0]
    assert not any(line.endswith(" ") for line in world("show", f"memory:{memory}").out.splitlines())


def test_a_missing_record_is_answered_with_a_list(world):
    hint = world("show", "memory:nope@main~1", code=2).hint
    assert hint == "`memento show main~1 --table memories` lists what there is"
    assert world("show", "main~1", "--table", "memories").out


def test_a_record_at_a_revision_in_the_order_of_git(world):
    name = f"memory:{world.ids('memories', 'main~1')[0]}"
    assert world.json("show", "main~1", name) == world.json("show", f"{name}@main~1")
    assert "memory:ID@REV" in world("show", "main", "main~1", code=2).hint


def test_an_empty_word_is_refused_and_none_is_the_current_branch(world):
    assert "it is empty" in world("show", "", code=2).err
    assert "memento show HEAD --table memories" in world("show").hint


def test_a_negative_number_is_told_as_it_was_typed(world):
    assert "-4 is not in the range" in world("show", "-t", "memories", "--limit", "-4", code=2).err


def test_a_record_that_is_gone_is_told_with_the_commit_that_removed_it(world):
    name = f"memory:{world.ids('memories')[0]}"
    world("edit", name, "--delete", "--cascade", "-m", "out with it")
    result = world("show", name, code=2)
    assert "(out with it) removed it" in result.err
    assert name in result.hint
    assert "no revision named 'nowhere'" in world("show", f"{name}@nowhere", code=2).err
