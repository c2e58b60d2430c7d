"""``memento query``, and ``--where`` of branch and log."""

from __future__ import annotations

import pytest


@pytest.fixture
def forest(world):
    """main, and three forks of it; trial-1 has an edit that main made otherwise."""
    world("fork", "main", "trial", "-n", "3")
    memory = world.ids("memories")[0]
    world("edit", "trial-1", f"memory:{memory}", "importance=0.11")
    world("edit", "main", f"memory:{memory}", "importance=0.22")
    return world


def test_lists_the_branches_that_satisfy_it(forest):
    done = forest("query", "forks(main) & ~conflicts()")
    assert [line.split()[0] for line in done.out.splitlines()] == ["BRANCH", "trial-2", "trial-3"]
    assert "2 branches" in done.err
    assert forest.json("query", "conflicts()")["branches"] == ["trial-1"]
    assert forest("query", "--count", "name(trial-*)").out == "3\n"
    assert "No branch" in forest("query", "none()").err


def test_the_query_of_a_good_model_that_merges(trained):
    trained("fork", "main", "good")
    trained("evaluate", "m.safetensors", "good", "--no-canaries")
    value = trained.json("runs", "good")["runs"][0]["metrics"]["ndcg"]["value"]
    query = "forks(main) & metric(ndcg) > {} & ~conflicts()"
    assert trained.json("query", query.format(value - 0.01))["branches"] == ["good"]
    assert trained.json("query", query.format(value + 0.01))["branches"] == []


def test_a_fault_has_a_caret_under_it(forest):
    done = forest("query", "forks(main) & metrc(ndcg) > 0.8", code=2)
    lines = done.err.splitlines()
    assert lines[1].index("metrc") == lines[2].index("^")
    assert done.hint == "did you mean metric?"
    assert forest.json("query", "forks(", code=2)["kind"] == "ExpressionError"
    assert "--functions" in forest("query", code=2).hint


def test_lists_its_functions(memento):
    assert "conflicts([BRANCH])" in memento("query", "--functions").out
    assert {"function": "all()", "gives": "", "summary": "Everything."} in memento.json("query", "--functions")[
        "functions"
    ]


def test_branches_are_listed_and_deleted_by_an_expression(forest):
    found = forest.json("branch", "--where", "forks(main) & ahead(main) = 0")["branches"]
    assert [branch["name"] for branch in found] == ["trial-2", "trial-3"]
    assert [b["name"] for b in forest.json("branch", "trial-3", "main", "--where", "forks(main)")["branches"]] == [
        "trial-3"
    ]
    assert "No branch matches" in forest("branch", "--where", "none()").err
    forest("branch", "-d", "--where", "ahead(main) = 0")
    assert forest.json("query", "all()")["branches"] == ["main", "trial-1"]
    forest("undo")
    assert len(forest.json("query", "all()")["branches"]) == 4
    forest("branch", "-d", "--where", "none()", code=2)
    forest("branch", "-m", "trial-1", "x", "--where", "all()", code=2)


def test_log_shows_the_commits_that_satisfy_it(forest):
    memory = forest.ids("memories")[0]
    done = forest.json("log", "--all", "--where", f"touched(memory:{memory}) & ~ancestors(trial-2)")
    assert sorted(c["message"][:12] for c in done["commits"]) == ["set importan"] * 2
    one = forest.json("log", "--all", "--where", "name('trial-*') & ~name(main)")["commits"]
    assert [commit["refs"] for commit in one] == [["trial-1"]]
    assert len(forest.json("log", "--where", "message('*week*')", "-n", 2)["commits"]) == 2
    forest("log", "--graph", "--where", "all()", code=2)
    forest("log", "--where", "all()", "main", "--", f"memory:{memory}", code=2)
    assert "^" in forest("log", "--where", "nam(x)", code=2).err


def test_functions_and_metrics_are_completed():
    from memento.cli.filtering import expressions, metrics

    context, option = None, None
    assert [item.value for item in expressions(context, option, "forks(main) & ~con")] == [
        "forks(main) & ~contains(", "forks(main) & ~conflicts(",
    ]  # fmt: skip
    assert [item.value for item in expressions(context, option, "al")] == ["all()"]
    assert [item.value for item in metrics(context, option, "canary.r")] == ["canary.recency"]
