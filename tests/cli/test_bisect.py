"""``memento bisect``."""

from __future__ import annotations

import json
import subprocess

import pytest


@pytest.fixture
def line(world):
    """Eight edits of one memory on main, the fifth of which puts its importance under one half."""
    memory = world.ids("memories")[0]
    for number in range(8):
        value = 0.9 - number / 100 if number < 4 else 0.1 + number / 100
        world("edit", "main", f"memory:{memory}", f"importance={value}")
    world.commits = [c["id"] for c in world.json("log", "-n", 9)["commits"]][::-1]
    world.memory = memory
    return world


def check(folder, bad):
    """A command that says bad for some commits."""
    path = folder / "check.sh"
    path.write_text(f'#!/bin/sh\ncase "{" ".join(bad)}" in *$MEMENTO_REV*) exit 1;; esac\n')
    path.chmod(0o755)
    return path


def refs(folder):
    return subprocess.check_output(["git", "-C", str(folder / ".memento"), "for-each-ref"], text=True)


def test_finds_the_first_bad_commit_by_a_command(line):
    before = refs(line.folder)
    script = check(line.folder, line.commits[5:])
    done = line("bisect", "run", f"{line.commits[0]}..main", "--", script)
    assert f"{line.commits[5][:8]} is the first bad commit, found in 3 steps" in done.out
    assert "importance=0.14" in done.out
    assert "memories" in done.out
    assert "left, about" in done.err
    assert refs(line.folder) == before
    found = line.json("bisect", "run", "--good", line.commits[0], "--bad", "main", "--", script)
    assert found["first_bad"]["id"] == line.commits[5]
    assert [step["verdict"] for step in found["steps"]].count("bad") >= 1
    assert found["changes"]["memories"]


def test_a_command_can_ask_git(line):
    script = line.folder / "ask.sh"
    script.write_text('subject=$(git -C "$MEMENTO_DIR/.memento" log -1 --format=%s "$MEMENTO_REV")\n'
                      'case "$subject" in *importance=0.1*) exit 1;; esac\n')  # fmt: skip
    found = line.json("bisect", "run", f"{line.commits[0]}..main", "--", "sh", script)
    assert found["first_bad"]["id"] == line.commits[5]


def test_skipped_commits_leave_it_open(line):
    script = line.folder / "skip.sh"
    script.write_text(f'case "{" ".join(line.commits[1:])}" in *$MEMENTO_REV*) exit 125;; esac\n')
    done = line("bisect", "run", f"{line.commits[0]}..main", "--", "sh", script, code=1)
    assert "no more could be told" in done.out
    assert len(line.json("bisect", "run", f"{line.commits[0]}..main", "--", "sh", script, code=1)["suspects"]) == 8


def test_finds_where_a_metric_fell_and_asks_no_second_time(trained):
    old = trained.json("log", "-n", 1)["commits"][0]["id"]
    for memory in trained.ids("memories")[:4]:
        trained("edit", "main", f"memory:{memory}", "prior_accesses=900")
    words = ["bisect", f"{old}..main", "--metric", "ndcg", "--checkpoint", "m.safetensors"]
    values = {}
    for revision in ("main~4", "main"):
        found = trained.json("evaluate", "m.safetensors", revision, "--no-canaries", "--no-record")
        values[revision] = found["report"]["rows"]["model"]["ndcg"]["value"]
    refused = trained(*words, "--below", min(values.values()) - 0.01, code=2)
    assert "is named bad, and is good" in refused.err
    refused = trained(*words, "--below", max(values.values()) + 0.01, code=2)
    assert "is named good, and is bad" in refused.err
    before = refs(trained.folder)
    limit = sum(values.values()) / 2
    side = "--below" if values["main"] < values["main~4"] else "--above"
    found = trained.json(*words, side, limit)
    assert found == trained.json(*words, side, limit)
    assert found["first_bad"]["message"].startswith("set prior_accesses")
    assert len(found["steps"]) == 2
    assert refs(trained.folder) == before


def test_trains_at_each_step_once(line, monkeypatch):
    words = ["bisect", "main~2..main", "--metric", "ndcg", "--model", "linear", "--epochs", "1"]
    from memento.measure import trials

    tried = []
    own = trials.Trials._try

    def counting(self, tree_id, *arguments):
        tried.append(tree_id)
        return own(self, tree_id, *arguments)

    monkeypatch.setattr(trials.Trials, "_try", counting)
    first = line(*words, "--below", "0", code=2)
    assert "named bad, and is good" in first.err
    assert "Training linear, 1 epoch," in first.err
    assert len(tried) == 2
    line(*words, "--below", "0", code=2)
    assert len(tried) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run",), "name a commit that is good"),
        (("main~2..main",), "a command or by --metric"),
        (("run", "main~2..main", "--metric", "ndcg", "--below", "1", "--", "true"), "one of them"),
        (("main~2..main", "--metric", "ncdg", "--below", "1"), "did you mean ndcg"),
        (("main~2..main", "--metric", "ndcg"), "--below X or --above X"),
        (("main~2..main", "--metric", "ndcg", "--below", "nan"), "not a finite number"),
        (("run", "main~2..main", "--below", "1", "--", "true"), "go with --metric"),
        (("run", "main..main~2", "--", "true"), "in the history of what is good"),
        (("run", "mian..main", "--", "true"), "no revision named"),
        (("run", "main~2...main", "--", "true"), "three dots"),
        (("run", "main~2..main", "--", "/no/such"), "cannot run"),
        (("main~2..main", "--metric", "ndcg", "--below", "1", "--checkpoint", "gone"), "no checkpoint"),
    ],
)
def test_refuses(world, words, said):
    assert said in world("bisect", *words, code=2).err


def test_a_command_that_breaks_off_stops_the_search(world):
    done = world("bisect", "run", "main~3..main", "--", "sh", "-c", "exit 200", code=1)
    assert "no verdict" in done.err
    document = json.loads(world("bisect", "run", "main~3..main", "--json", "--", "sh", "-c", "exit 200", code=1).out)
    assert document["kind"] == "Stopped"
