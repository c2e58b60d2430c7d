from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memento.errors import UsageError
from memento.history import Repository
from memento.history.notes import RUNS, WORDS, merge

from .conftest import Git, line

IDENTITY = ("-c", "user.name=A", "-c", "user.email=a@b")


def test_a_note_is_read_again_and_changes_no_commit(repository: Repository, first: str) -> None:
    notes = repository.notes()
    assert notes.read(first) == ""
    notes.write(first, "the good one\n\n")
    assert notes.read(first) == "the good one"
    assert notes.all() == {first: "the good one"}
    assert repository.resolve("main") == first
    assert repository.notes("runs").all() == {}


def test_stock_git_shows_it_in_the_log_of_a_clone(repository: Repository, first: str, git: Git, tmp_path: Path) -> None:
    repository.notes().write(first, "said by memento\nin two lines")
    assert "Notes:\n    said by memento\n    in two lines" in git("log", "-1", "main")
    git("clone", "--quiet", "--mirror", str(repository.path), str(tmp_path / "copy"), folder=tmp_path)
    assert git("notes", "show", first, folder=tmp_path / "copy") == "said by memento\nin two lines\n"
    assert git("fsck", "--full", "--strict") == ""


def test_a_note_of_git_is_read_and_changed(repository: Repository, first: str, git: Git) -> None:
    git(*IDENTITY, "notes", "add", "-m", "said by git", first)
    assert repository.notes().read(first) == "said by git"
    repository.notes().write(first, "changed by memento")
    assert git("notes", "show", first) == "changed by memento\n"
    git(*IDENTITY, "notes", "append", "-m", "and git again", first)
    assert repository.notes().read(first) == "changed by memento\n\nand git again"
    git(*IDENTITY, "notes", "remove", first)
    assert repository.notes().all() == {}


def test_every_fan_out_is_read_and_written(repository: Repository, first: str, git: Git) -> None:
    commits = line(repository, 300)
    for commit in commits[:2]:
        git(*IDENTITY, "notes", "add", "-m", f"flat {commit}", commit)
    git(*IDENTITY, "notes", "add", "-m", "many", first)
    for commit in commits[2:20]:
        git(*IDENTITY, "notes", "copy", first, commit)
    notes = repository.notes()
    assert len(notes.all()) == 21
    notes.write_many({commit: f"ours {commit}" for commit in commits}, "many notes")
    assert len(notes.all()) == 301
    assert {line.split()[1] for line in git("notes", "list").splitlines()} == {first, *commits}
    git(*IDENTITY, "notes", "add", "-f", "-m", "git parts it anew", commits[5])
    assert notes.read(commits[5]) == "git parts it anew"
    assert notes.read(commits[6]) == f"ours {commits[6]}"
    notes.write(commits[6], "once more")
    assert git("notes", "show", commits[6]) == "once more\n"


def test_each_change_is_one_operation(repository: Repository, first: str) -> None:
    notes = repository.notes()
    notes.write(first, "one", "note one")
    notes.write(first, "one")
    notes.write(first, "two", "note two")
    assert [operation.description for operation in repository.operations(2)] == ["note two", "note one"]
    repository.undo()
    assert notes.read(first) == "one"
    repository.undo()
    assert notes.tip == ""
    assert notes.read(first) == ""
    repository.redo()
    assert notes.read(first) == "one"
    notes.write(first, "", "remove the note")
    assert notes.all() == {}
    repository.undo()
    assert notes.all() == {first: "one"}


def test_equal_notes_have_equal_trees_however_they_came(repository: Repository, first: str) -> None:
    second = line(repository, 1)[0]
    a, b = repository.notes("a"), repository.notes("b")
    a.write_many({first: "x", second: "y"}, "both")
    b.write(second, "other")
    b.write(first, "x")
    b.write(second, "y")
    assert repository.tree_of(a.tip) == repository.tree_of(b.tip)


def test_lines_are_kept_sorted_and_once(repository: Repository, first: str) -> None:
    runs = repository.notes(RUNS)
    assert runs.add_line(first, "b", "b")
    assert runs.add_line(first, "a", "a")
    assert not runs.add_line(first, "b", "again")
    assert runs.read(first) == "a\nb"
    assert next(repository.operations(1)).description == "a"


def test_notes_of_two_repositories_are_joined(repository: Repository, first: str, git: Git) -> None:
    notes = repository.notes()
    notes.write(first, "base")
    base = notes.tip
    notes.write(first, "base\nours")
    git(*IDENTITY, "notes", "--ref", "theirs", "add", "-m", "base\ntheirs", first)
    theirs = repository.refs.read("refs/notes/theirs")
    joined = notes.join(theirs, base)
    assert notes.at(joined) == {first: "base\nours\ntheirs"}
    assert repository.commit_of(joined).parents == (notes.tip, theirs)


@pytest.mark.parametrize(("text", "fault"), [("a\0b", "NUL"), ("\ud800", "Unicode"), ("x" * 2_000_000, "at most")])
def test_what_no_note_can_be_is_refused(repository: Repository, first: str, text: str, fault: str) -> None:
    with pytest.raises(UsageError, match=fault):
        repository.notes().write(first, text)
    assert repository.refs.read(WORDS) == ""


texts = st.dictionaries(st.sampled_from("pqr"), st.lists(st.sampled_from("abcdef"), min_size=1).map("\n".join))


@given(texts, texts, texts)
def test_merging_is_commutative_and_keeps_what_one_side_alone_changed(
    ours: dict[str, str], theirs: dict[str, str], base: dict[str, str]
) -> None:
    merged = merge(ours, theirs, base)
    assert merged == merge(theirs, ours, base)
    assert merge(ours, base, base) == ours == merge(base, ours, base)
    assert merge(ours, ours, base) == ours
    for name in ours.keys() | theirs.keys():
        new = {line for side in (ours, theirs) for line in side.get(name, "").split("\n")}
        new -= set(base.get(name, "").split("\n"))
        if name in ours.keys() | theirs.keys() and new - {""}:
            assert new - {""} <= set(merged[name].split("\n"))


def test_records_on_both_sides_are_united_in_order() -> None:
    assert merge({"c": "a\nc"}, {"c": "a\nb"}, {"c": "a"}) == {"c": "a\nb\nc"}
    assert merge({"c": "a"}, {"d": "b"}, {}) == {"c": "a", "d": "b"}
    assert merge({}, {"c": "a"}, {"c": "a"}) == {}
    assert merge({"c": "b"}, {"c": "a\nb\nc"}, {"c": "a\nb"}) == {"c": "b\nc"}
