from __future__ import annotations

import pytest


def test_newest_first_and_limited(world):
    commits = world.json("log")["commits"]
    assert len(commits) >= 3
    assert commits[0]["refs"] == ["HEAD -> main"]
    assert commits[0]["parents"] == [commits[1]["id"]]
    assert commits[-1]["parents"] == []
    assert world.json("log", "-n", "2")["commits"] == commits[:2]
    assert world.json("log", "-2")["commits"] == commits[:2]
    assert [c["id"] for c in world.json("log", "main~1")["commits"]] == [c["id"] for c in commits[1:]]
    lines = world("log").out.splitlines()
    assert len(lines) == len(commits)
    assert lines[0].startswith(commits[0]["id"][:8])
    assert "(HEAD -> main)" in lines[0]


def test_full_shows_author_and_message(world):
    text = world("log", "--full", "-n", "1").out
    commit = world.json("log", "-n", "1")["commits"][0]
    assert f"commit {commit['id']}" in text
    assert f"Author: {commit['author']}" in text
    assert commit["message"].splitlines()[0] in text


def test_the_graph_draws_a_merge(world):
    a, b = world.ids("memories")[:2]
    world("fork", "main", "trial")
    world("edit", "trial", f"memory:{a}", "importance=0.9")
    world("edit", "main", f"memory:{b}", "importance=0.1")
    world("merge", "trial")
    text = world("log", "--graph").out
    assert "*" in text
    assert "|" in text
    ids = {c["id"][:8] for c in world.json("log")["commits"]}
    assert {line.replace("|", " ").replace("*", " ").split()[0] for line in text.splitlines() if "*" in line} == ids


def test_all_begins_at_every_branch(world):
    memory = world.ids("memories")[0]
    world("fork", "main", "trial")
    edited = world.json("edit", "trial", f"memory:{memory}", "importance=0.9")["commit"]
    assert edited not in [c["id"] for c in world.json("log")["commits"]]
    assert edited in [c["id"] for c in world.json("log", "--all")["commits"]]


def test_the_history_of_one_record(world):
    memory = world.ids("memories")[0]
    first = world.json("show", f"memory:{memory}")["record"]["importance"]
    edited = world.json("edit", "main", f"memory:{memory}", "importance=0.123", "pinned=yes")["commit"]
    gone = world.json("edit", "main", f"memory:{memory}", "--delete", "--cascade")["commit"]
    entries = world.json("log", "main", "--", f"memory:{memory}")["commits"]
    assert [entry["change"] for entry in entries] == ["removed", "changed", "added"]
    assert [entry["commit"]["id"] for entry in entries[:2]] == [gone, edited]
    assert entries[1]["fields"]["importance"] == {"before": first, "after": 0.123}
    assert set(entries[1]["fields"]) == {"importance", "pinned"}
    text = world("log", "--", f"memory:{memory}").out
    assert "importance: " in text
    assert "→ 0.123" in text
    assert len(world.json("log", f"memory:{memory}", "-n", "1")["commits"]) == 1
    assert [e["change"] for e in world.json("log", f"memory:{memory}@main~2")["commits"]] == ["added"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["mian"], "did you mean main"),
        (["main~99"], "main~99"),
        (["ffffffff"], "ffffffff"),
        (["--", "memory:nothing"], "no memory named"),
        (["--", "memry:x"], "did you mean memor"),
        (["--", "memory:"], "memory:"),
        (["memory:a", "memory:b"], "one record"),
        (["-n", "0"], "-n"),
    ],
)
def test_bad_input(world, arguments, says):
    result = world("log", *arguments, code=2)
    assert says in result.err
    assert result.out == ""


def test_a_record_with_a_typo_is_answered_with_the_nearest(world):
    memory = world.ids("memories")[0]
    typo = ("x" if memory[0] != "x" else "y") + memory[1:]
    assert memory in world("log", "--", f"memory:{typo}", code=2).hint


def test_an_empty_repository(memento):
    memento("init")
    for arguments in (["log"], ["log", "main"], ["log", "--graph"], ["show"], ["diff"], ["fork", "main", "a"]):
        result = memento(*arguments, code=2)
        assert result.err.startswith("Error: branch 'main' has no commit yet\n"), arguments
        assert result.hint == "`memento generate tiny` makes some"
    assert "has no commit yet" in memento("edit", "memory:x", "importance=1", code=2).err
    memento("generate", "tiny", "--branch", "other")
    assert memento("log", code=2).hint == "`memento switch other` goes to a branch that has some"
    memento("switch", "other")
    assert memento("log").out


def test_ranges_and_choices(world):
    memory = world.ids("memories")[0]
    world("fork", "main", "trial")
    first = world.json("edit", "trial", f"memory:{memory}", "importance=0.9", "-m", "Raise it")["commit"]
    second = world.json("edit", "trial", f"memory:{memory}", "importance=0.8", "-m", "lower it")["commit"]

    def ids(*arguments):
        return [commit["id"] for commit in world.json("log", *arguments)["commits"]]

    assert ids("main..trial") == ids("trial", "^main") == ids("main...trial") == [second, first]
    assert ids("trial^!") == [second]
    assert ids("trial", "--grep", "raise", "-i") == [first]
    assert ids("trial", "--grep", "RAISE") == []
    assert ids("main..trial", "--author", "memento", "--first-parent", "-n", "1") == [second]
    week = world.json("log", "trial")["commits"][3]
    assert ids("trial", "--until", str(week["time"])) == ids(week["id"])
    assert ids("trial", "--since", "2990-01-01") == []
    assert len(world("log", "--oneline", "main..trial").out.splitlines()) == 2
    assert len([line for line in world("log", "--graph", "main..trial").out.splitlines() if "*" in line]) == 2
    entries = world.json("log", "main..trial", "--grep", "lower", "--", f"memory:{memory}")["commits"]
    assert [entry["commit"]["id"] for entry in entries] == [second]
    assert world.json("log", "main..main", "--", f"memory:{memory}")["commits"] == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--grep", "("], "not a regular expression"),
        (["--grep", "(a+)+"], "could take for ever"),
        (["--since", "soon"], "--since: 'soon' is not a time"),
        (["--graph", "--grep", "x"], "--graph draws a whole history"),
        (["main..nowhere"], "nowhere"),
        (["main", "--", "memory:a@main"], "one revision"),
    ],
)
def test_bad_choices(world, arguments, says):
    assert says in world("log", *arguments, code=2).err
