from __future__ import annotations

import pytest


@pytest.fixture
def noted(world):
    """Two memories that say deploy, one of them on a branch of its own."""
    first, second = world.ids("memories")[:2]
    world("edit", "main", f"memory:{first}", "text=we deployx to us-east (old)")
    world("fork", "main", "trial")
    world("edit", "trial", f"memory:{second}", "text=DEPLOYX again, deployx")
    return world, first, second


def test_lines_names_and_counts(noted):
    world, first, second = noted
    assert world("grep", "deployx").out == f"memory:{first}.text: we deployx to us-east (old)\n"
    assert world("grep", "deployx", "main~1", code=1).out == ""
    assert len(world("grep", "-i", "DeployX", "trial").out.splitlines()) == 2
    assert world("grep", "-l", "deployx", "trial").out.split() == sorted([f"memory:{first}", f"memory:{second}"])
    assert world("grep", "-c", "deployx", "trial").out == "memories.text: 2\n"
    assert world("grep", "-F", "(old)").out.startswith(f"memory:{first}.text")
    assert world("grep", "deployx", "--table", "turns", code=1).err == "Nothing matches\n"
    assert world("grep", "deployx", "-t", "memory", "-f", "text", "-l").out == f"memory:{first}\n"
    coloured = world("--color", "grep", "us-.*t").out
    assert "\x1b[31m\x1b[1mus-east\x1b[0m" in coloured


def test_all_branches(noted):
    world, first, second = noted
    lines = world("grep", "deployx", "--all-branches").out.splitlines()
    assert [line.partition(".text")[0] for line in lines if line.startswith("main")] == [f"main:memory:{first}"]
    assert {line.partition(".text")[0] for line in lines if line.startswith("trial")} == {
        f"trial:memory:{first}",
        f"trial:memory:{second}",
    }
    assert world("grep", "-c", "deployx", "--all-branches").out == "main:memories.text: 1\ntrial:memories.text: 2\n"


def test_json(noted):
    world, _, second = noted
    document = world.json("grep", "deployx$", "trial")
    assert document["count"] == 1
    assert (
        document["matches"][0] | {"key": second, "field": "text", "spans": [[15, 22]], "revision": "trial"}
        == (document["matches"][0])
    )
    assert world.json("grep", "nowhere at all", code=1)["matches"] == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "missing argument"),
        (["("], "not a regular expression"),
        (["(a+)+b"], "could take for ever"),
        ([""], "the pattern is empty"),
        (["x", "nowhere"], "nowhere"),
        (["x", "-t", "memry"], "did you mean memor"),
        (["x", "-f", "txt"], "did you mean text"),
        (["x", "-f", "importance"], "importance is no text"),
        (["x", "-F", "-E"], "exclude each other"),
        (["x", "main", "--all-branches"], "goes without a revision"),
    ],
)
def test_bad_input(world, arguments, says):
    result = world("grep", *arguments, code=2)
    assert says in result.err
    assert result.out == ""
