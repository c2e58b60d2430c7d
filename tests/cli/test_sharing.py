"""clone, fetch, pull, push, remote, bundle and git-setup as a user meets them."""

from __future__ import annotations

import subprocess

import pytest


@pytest.fixture
def two(world, tmp_path_factory, monkeypatch):
    """A folder with worlds, and a clone of it in ``copy``; the shell is in the clone."""
    monkeypatch.setenv("MEMENTO_DURABILITY", "fast")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    copy = tmp_path_factory.mktemp("there") / "copy"
    result = world("clone", world.folder, copy)
    assert "Cloned" in result.err
    assert "memento log" in result.hint
    world.copy = copy
    return world


@pytest.fixture(autouse=True)
def _slots(monkeypatch):
    """Lets a test put a folder into its shell."""
    from .conftest import Shell

    monkeypatch.setattr(Shell, "copy", None, raising=False)


def edit(shell, folder, value, field="importance", branch="main"):
    memory = shell.ids("memories")[0]
    shell("-C", folder, "edit", branch, f"memory:{memory}", f"{field}={value}")
    return memory


def test_clone_says_what_came(world, tmp_path_factory):
    there = tmp_path_factory.mktemp("there")
    found = world.json("clone", world.folder, there / "a")
    assert found["schema"] == "memento.clone/1"
    assert found["branch"] == "main"
    assert found["commit"] == world.json("log")["commits"][0]["id"]
    assert found["objects"] > 20
    assert world("clone", world.folder, there / "a", code=2).hint.startswith("choose another folder")
    assert world("clone", there / "none", code=4).err.startswith("Error: ")


def test_pull_and_push_between_two(two):
    edit(two, two.folder, 0.11)
    said = two("-C", two.copy, "fetch")
    assert "origin/main" in said.out
    assert "memento pull origin" in said.hint
    assert "Follows origin/main: 1 behind" in two("-C", two.copy, "status").out
    row = two.json("-C", two.copy, "branch")["branches"][0]
    assert (row["upstream"]["ahead"], row["upstream"]["behind"]) == (0, 1)
    assert "origin/main: 1 behind" in two("-C", two.copy, "branch").out
    assert [b["name"] for b in two.json("-C", two.copy, "branch", "-r")["branches"]] == ["origin/main"]
    assert two.json("-C", two.copy, "pull")["kind"] == "fast-forward"
    edit(two, two.copy, "said otherwise", "text")
    pushed = two.json("-C", two.copy, "push")
    assert [(u["ref"], u["kind"]) for u in pushed["updates"]] == [("refs/heads/main", "forward")]
    assert "has everything already" in two("-C", two.copy, "push").err
    assert two.json("log")["commits"][0]["message"].startswith("set text")


def test_a_conflict_waits(two):
    memory = edit(two, two.folder, 0.11)
    edit(two, two.copy, 0.22)
    refused = two("-C", two.copy, "push", code=1)
    assert "memento pull origin main" in refused.hint
    assert two("-C", two.copy, "pull", "--ff-only", code=1).err.startswith(
        "Error: main and origin/main have both moved"
    )
    said = two("-C", two.copy, "pull", code=1)
    assert f"memory:{memory}.importance" in said.out
    two("-C", two.copy, "resolve", "--all", "--ours")
    two("-C", two.copy, "merge", "--continue")
    two("-C", two.copy, "push")
    assert two.json("show", f"memory:{memory}")["record"]["importance"] == 0.22


def test_pull_with_rebase_keeps_one_line(two):
    edit(two, two.folder, 0.11)
    edit(two, two.copy, "said otherwise", "text")
    assert two.json("-C", two.copy, "pull", "--rebase")["kind"] != "open"
    commits = two.json("-C", two.copy, "log", "-n", "2")["commits"]
    assert [len(commit["parents"]) for commit in commits] == [1, 1]
    assert commits[1]["id"] == two.json("log")["commits"][0]["id"]
    two("-C", two.copy, "pull", "--rebase", "--ff-only", code=2)


def test_remotes(two):
    assert two.json("remote")["remotes"] == []
    assert "memento remote add" in two("remote").hint
    two("remote", "add", "copy", two.copy)
    assert two.json("remote")["remotes"] == [{"name": "copy", "url": str(two.copy)}]
    shown = two.json("remote", "show", "copy")
    assert shown["head"] == "main"
    assert [row["state"] for row in shown["refs"]] == ["new"]
    two("fetch", "copy")
    assert [row["state"] for row in two.json("remote", "show", "copy")["refs"]] == ["as seen here"]
    two("remote", "rename", "copy", "other")
    two("remote", "remove", "other")
    assert two.json("remote")["remotes"] == []
    assert "it knows list, add" in two("remote", "adopt", "x", code=2).hint
    two("remote", "add", "x", code=2)
    assert "remote helpers" in two("remote", "add", "x", "ext::sh -c id", code=2).err


def test_bundles(two, tmp_path_factory):
    file = tmp_path_factory.mktemp("files") / "w.bundle"
    made = two.json("bundle", "create", file)
    assert made["refs"]["refs/heads/main"] == two.json("log")["commits"][0]["id"]
    assert two.json("bundle", "verify", file)["objects"] == made["objects"]
    assert "is whole" in two("bundle", "verify", file).err
    two("clone", file, file.parent / "c")
    edit(two, two.folder, 0.31)
    two("bundle", "create", file, "main", "--force", "--since", "main~1")
    two("-C", file.parent / "c", "fetch", file)
    assert (
        two.json("-C", file.parent / "c", "log", "origin/main")["commits"][0]["id"]
        == two.json("log")["commits"][0]["id"]
    )
    two("bundle", "mend", file, code=2)
    two("bundle", "verify", file, "main", code=2)


def test_git_setup(two, tmp_path_factory):
    clone = tmp_path_factory.mktemp("stock") / "clone"
    subprocess.run(["git", "clone", "--quiet", two.folder / ".memento", clone], check=True)
    found = two.json("git-setup", clone)
    assert found["settings"]["diff.memento.textconv"].endswith("-m memento.git.records")
    assert "Took memento's settings out" in two("git-setup", clone, "--undo").err
    assert "diff.memento" not in (clone / ".git" / "config").read_text()
    refused = two("git-setup", two.folder, code=2)
    assert "git clone" in refused.hint
    two("git-setup", clone.parent, code=3)
