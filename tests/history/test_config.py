from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from memento.errors import NewerFormat, StoreError, UsageError
from memento.history import Repository
from memento.history.config import INITIAL, Config, parse

TRICKY = r"""
# a comment
[user]
    name = "A; B" C \"quoted\" # and a comment
	email = a@b ; another
[remote "or\"igin.x"]
  URL = /srv/x
  fetch = +refs/heads/*:refs/\
remotes/*
[gc]
auto
"""


def test_values_are_read_as_git_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(TRICKY)
    git = subprocess.run(["git", "config", "-z", "-f", str(path), "--list"], capture_output=True, text=True, check=True)
    expected = {}
    for item in git.stdout.split("\0")[:-1]:
        key, separator, value = item.partition("\n")
        expected[key] = value if separator else "true"
    assert dict(Config.load(path)) == expected


def test_a_line_that_is_no_setting_is_named() -> None:
    with pytest.raises(StoreError, match="line 2: not a setting: '= 3'"):
        list(parse("[a]\n= 3", "config"))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[core]\n sshCommand = evil", "core.sshcommand"),
        ("[core]\n fsmonitor = evil", "core.fsmonitor"),
        ("[core]\n hooksPath = /x", "core.hookspath"),
        ("[core]\n worktree = /", "core.worktree"),
        ("[include]\n path = /etc/passwd", "include.path"),
        ('[includeIf "gitdir:/"]\n path = x', "includeif"),
        ('[filter "x"]\n smudge = evil', "filter.x.smudge"),
        ('[merge "x"]\n driver = evil', "merge.x.driver"),
        ("[gpg]\n program = evil", "gpg.program"),
        ('[url "x"]\n insteadOf = y', "url.x.insteadof"),
        ('[remote "x"]\n url = ext::sh -c evil', "remote.x.url"),
        ('[remote "x"]\n url = --upload-pack=evil', "remote.x.url"),
        ('[remote "x"]\n uploadpack = evil', "remote.x.uploadpack"),
        ("[alias]\n x = !evil", "alias.x"),
        ("[extensions]\n partialClone = x", "extensions.partialclone"),
        ("[strange]\n x = y", "strange.x"),
    ],
)
def test_a_config_from_a_stranger_is_refused(repository: Repository, text: str, key: str) -> None:
    with open(repository.path / "config", "a") as file:
        file.write(text + "\n")
    with pytest.raises(StoreError, match="refusing to open") as caught:
        Repository.open(repository.root)
    assert key in caught.value.message
    assert "clone" in caught.value.hint


def test_a_newer_format_is_refused(repository: Repository) -> None:
    path = repository.path / "config"
    path.write_text(INITIAL.replace("format = 1", "format = 2"))
    with pytest.raises(NewerFormat, match="format 2; this memento reads up to 1") as caught:
        Repository.open(repository.root)
    assert "pip install" in caught.value.hint
    path.write_text(INITIAL.replace("repositoryformatversion = 0", "repositoryformatversion = 1"))
    with pytest.raises(NewerFormat, match="git repository of format 1"):
        Repository.open(repository.root)


def test_a_setting_is_put_and_read_by_git(repository: Repository) -> None:
    repository.config.set("user.name", 'Ada "L" \\ Byron')
    repository.config.set("remote.origin.url", "https://example.org/x")
    again = Config.load(repository.path / "config")
    assert again["user.name"] == 'Ada "L" \\ Byron'
    said = subprocess.run(
        ["git", "-C", str(repository.path), "config", "user.name"], capture_output=True, text=True, check=True
    )
    assert said.stdout == 'Ada "L" \\ Byron\n'
    with pytest.raises(StoreError, match="core"):
        repository.config.set("core.sshCommand", "evil")


def test_durability(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not repository.config.durable
    monkeypatch.delenv("MEMENTO_DURABILITY")
    assert repository.config.durable
    repository.config.set("memento.durability", "fast")
    assert not repository.config.durable
    monkeypatch.setenv("MEMENTO_DURABILITY", "quick")
    with pytest.raises(UsageError, match="neither full nor fast"):
        _ = repository.config.durable
