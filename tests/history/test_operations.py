from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from memento.errors import CorruptRecord, NotFound, StaleBranch, UsageError
from memento.history import Repository
from memento.world import tree

from .conftest import Git, edited, importance, line, small_world


def state(repository: Repository) -> dict[str, str]:
    return {
        **{ref: value for ref, value in repository.refs.values("refs/").items() if "memento" not in ref},
        "HEAD": repository.refs.read("HEAD"),
    }


def test_a_batch_is_one_pack_and_one_operation(repository: Repository, first: str) -> None:
    packs = len(list((repository.path / "objects" / "pack").glob("*.pack")))
    with repository.batch("generate tiny") as batch:
        made = []
        for week in range(5):
            tree_id = edited(repository, repository.tree_of(first), importance=week / 10)
            made.append(batch.commit("main", tree_id, f"week {week}"))
        assert batch.tip("main") == made[-1]
        assert batch.tip("other") is None
        batch.commit("other", tree_id, "another branch", parents=[made[0]])
        assert repository.resolve("main") == first
    assert [commit.id for commit in repository.log("main")] == [*made[::-1], first]
    assert repository.commit_of("other").parents == (made[0],)
    assert len(list((repository.path / "objects" / "pack").glob("*.pack"))) == packs + 1
    assert next(repository.operations()).description == "generate tiny"
    repository.undo()
    assert repository.branch_names() == ["main"]
    assert repository.resolve("main") == first


def test_a_batch_that_fails_leaves_nothing(repository: Repository, first: str) -> None:
    before = state(repository)
    with pytest.raises(RuntimeError), repository.batch("half") as batch:  # noqa: PT012
        batch.commit("main", edited(repository, repository.tree_of(first)), "one")
        raise RuntimeError
    assert state(repository) == before
    assert not repository.objects.staged


def test_a_batch_does_not_hold_up_others_and_is_refused_after_them(repository: Repository, first: str) -> None:
    with Repository.open(repository.root) as other:
        other._operations.lock.timeout = 0.1
        with repository.batch("apart") as batch:
            batch.commit("apart", edited(repository, repository.tree_of(first)), "one")
            moved = line(other, 1)[0]
        assert repository.resolve("main") == moved
        with pytest.raises(StaleBranch), repository.batch("late") as batch:  # noqa: PT012
            batch.commit("main", repository.tree_of(first), "one")
            moved = line(other, 1)[0]
    assert repository.resolve("main") == moved
    assert repository.branch_names() == ["apart", "main"]


def test_forks_are_named_and_numbered(repository: Repository, first: str) -> None:
    assert repository.fork("main", "exp") == ["exp"]
    assert repository.fork("main", "many", 12) == [f"many-{n:02d}" for n in range(1, 13)]
    assert repository.fork("main", "one", 1) == ["one-1"]
    assert {branch.commit for branch in repository.branches()} == {first}
    assert [branch.name for branch in repository.branches() if branch.current] == ["main"]
    with pytest.raises(UsageError, match="already"):
        repository.fork("main", "many", 12)
    with pytest.raises(UsageError, match="cannot make 0"):
        repository.fork("main", "x", 0)
    repository.undo()
    assert not repository.has_branch("one-1")


def test_branches_are_renamed_deleted_and_switched(repository: Repository, first: str) -> None:
    repository.fork("main", "exp")
    repository.rename_branch("main", "Main")
    assert repository.head == "Main"
    with pytest.raises(UsageError, match="the current branch"):
        repository.delete_branch("Main")
    repository.set_head("exp")
    repository.delete_branch("Main")
    assert repository.branch_names() == ["exp"]
    with pytest.raises(NotFound, match="no branch named 'Main'"):
        repository.delete_branch("Main")
    for _ in range(4):
        repository.undo()
    assert repository.head == "main"
    assert repository.branch_names() == ["main"]


def test_a_branch_is_moved(repository: Repository, first: str) -> None:
    tip = line(repository, 2)[-1]
    repository.move_branch("main", first, expected=tip)
    assert repository.resolve("main") == first
    with pytest.raises(StaleBranch):
        repository.move_branch("main", first, expected=tip)
    assert repository.undo()[0].description.startswith("move main")
    assert repository.resolve("main") == tip


def test_tags(repository: Repository, first: str) -> None:
    repository.tag("light")
    repository.tag("words", "main", "a message")
    assert [(tag.name, tag.commit, tag.message) for tag in repository.tags()] == [
        ("light", first, ""),
        ("words", first, "a message"),
    ]
    with pytest.raises(UsageError, match="already"):
        repository.tag("light")
    with pytest.raises(UsageError, match="cannot be the name of a tag"):
        repository.tag("a b")
    repository.delete_tag("light", "words")
    assert repository.tags() == []
    with pytest.raises(NotFound, match="no tag named 'light'"):
        repository.delete_tag("light")


def test_undo_goes_further_back_and_redo_forth(repository: Repository, first: str) -> None:
    commits = line(repository, 3)
    for expected in (commits[1], commits[0], first):
        repository.undo()
        assert repository.resolve("main") == expected
    for expected in commits[:2]:
        repository.redo()
        assert repository.resolve("main") == expected
    repository.undo()
    other = line(repository, 1)[0]
    with pytest.raises(UsageError, match="nothing to redo"):
        repository.redo()
    repository.undo()
    assert repository.resolve("main") == commits[0]
    repository.redo()
    assert repository.resolve("main") == other
    for _ in range(3):
        repository.undo()
    with pytest.raises(UsageError, match="nothing to undo"):
        repository.undo()
    assert repository.branch_names() == []
    for _ in range(3):
        repository.redo()
    assert repository.resolve("main") == other


def test_undo_refuses_what_something_else_has_moved(repository: Repository, first: str, git: Git) -> None:
    line(repository, 1)
    git("update-ref", "refs/heads/main", first)
    with pytest.raises(StaleBranch, match="branch main"):
        repository.undo()


def test_the_operation_log_reads_back(repository: Repository, first: str) -> None:
    second = line(repository, 1)[0]
    repository.undo()
    newest, edit, begin = repository.operations()
    assert (newest.undoes, newest.parent) == (edit.id, edit.id)
    assert edit.changes == (("refs/heads/main", first, second),)
    assert begin.changes == (("refs/heads/main", "", first),)
    assert begin.parent == ""
    assert [operation.id for operation in repository.operations(limit=1)] == [newest.id]


def test_an_undone_commit_is_kept_by_the_log(repository: Repository, first: str, git: Git) -> None:
    lost = line(repository, 1)[0]
    repository.undo()
    git("gc", "--prune=now", "--quiet")
    assert git("cat-file", "-t", lost).strip() == "commit"


@settings(max_examples=12, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck))
class Undoing(RuleBasedStateMachine):
    """Any run of operations, undos and redos against a list of states and a place in it."""

    @initialize()
    def begin(self) -> None:
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.repository = Repository.init(self.folder.name)
        self.number = 0
        self.states = [state(self.repository)]
        self.at = 0
        self.repository.commit("main", tree.write(self.repository.objects, small_world(30)), "first")
        self.done()

    def done(self) -> None:
        self.states[self.at + 1 :] = [state(self.repository)]
        self.at += 1

    def branches(self) -> list[str]:
        return self.repository.branch_names()

    @precondition(lambda self: self.branches())
    @rule(data=st.data())
    def commit(self, data: st.DataObject) -> None:
        self.number += 1
        branch = data.draw(st.sampled_from(self.branches()))
        tree_id = edited(self.repository, self.repository.tree_of(branch), importance=self.number / 1000)
        self.repository.commit(branch, tree_id, f"commit {self.number}")
        assert importance(self.repository, branch) == self.number / 1000
        self.done()

    @precondition(lambda self: self.branches())
    @rule(data=st.data(), count=st.sampled_from([None, 2, 40]))
    def fork(self, data: st.DataObject, count: int | None) -> None:
        self.number += 1
        self.repository.fork(data.draw(st.sampled_from(self.branches())), f"b{self.number}", count)
        self.done()

    @precondition(lambda self: self.branches())
    @rule(data=st.data())
    def rename(self, data: st.DataObject) -> None:
        self.number += 1
        self.repository.rename_branch(data.draw(st.sampled_from(self.branches())), f"r{self.number}")
        self.done()

    @precondition(lambda self: len(self.branches()) > 1)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        head = self.repository.refs.read("HEAD").removeprefix("refs/heads/")
        self.repository.delete_branch(data.draw(st.sampled_from([b for b in self.branches() if b != head])))
        self.done()

    @precondition(lambda self: self.branches())
    @rule(data=st.data(), words=st.sampled_from(["", "words"]))
    def tag(self, data: st.DataObject, words: str) -> None:
        self.number += 1
        self.repository.tag(f"t{self.number}", data.draw(st.sampled_from(self.branches())), words)
        self.done()

    @precondition(lambda self: self.branches())
    @rule(data=st.data())
    def switch(self, data: st.DataObject) -> None:
        branch = data.draw(st.sampled_from(self.branches()))
        if self.repository.refs.read("HEAD") != f"refs/heads/{branch}":
            self.repository.set_head(branch)
            self.done()

    @rule()
    def undo(self) -> None:
        if self.at:
            self.repository.undo()
            self.at -= 1
        else:
            with pytest.raises(UsageError):
                self.repository.undo()

    @rule()
    def redo(self) -> None:
        if self.at + 1 < len(self.states):
            self.repository.redo()
            self.at += 1
        else:
            with pytest.raises(UsageError):
                self.repository.redo()

    @invariant()
    def as_the_model(self) -> None:
        if hasattr(self, "states"):
            assert state(self.repository) == self.states[self.at]

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.repository.close()
            self.folder.cleanup()


TestUndoing = Undoing.TestCase


def test_an_undo_is_refused_where_a_name_has_become_a_folder(repository: Repository, first: str, git: Git) -> None:
    repository.fork("main", "exp")
    repository.delete_branch("exp")
    git("update-ref", "refs/heads/exp/one", first)
    with pytest.raises(StaleBranch, match="branch exp would be a name and a folder of names"):
        repository.undo()
    assert not repository.objects.staged
    line(repository, 1)
    repository.undo()
    git("update-ref", "-d", "refs/heads/exp/one")
    repository.undo()
    assert repository.branch_names() == ["exp", "main"]


def test_a_commit_of_a_tree_that_is_not_there_is_refused(repository: Repository, first: str) -> None:
    for wrong in ("0" * 40, first):
        with pytest.raises(CorruptRecord):
            repository.commit("main", wrong, "nothing", time=5)
    assert repository.resolve("main") == first


def test_a_name_too_long_for_a_file_is_no_branch(repository: Repository, first: str) -> None:
    assert not repository.has_branch("a" * 280)
    with pytest.raises(NotFound):
        repository.resolve("a" * 280)


@pytest.mark.parametrize("verb", ["rename", "prune"])
def test_a_branch_that_another_deletes_meanwhile(
    repository: Repository, first: str, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    repository.fork("main", "side")
    exists = Repository._existing

    def late(self: Repository, prefix: str, name: str) -> None:
        exists(self, prefix, name)
        monkeypatch.undo()
        with Repository.open(repository.root) as other:
            other.delete_branch("side")

    monkeypatch.setattr(Repository, "_existing", late)
    change = {
        "rename": lambda: repository.rename_branch("side", "other"),
        "prune": lambda: repository.prune("side", why="old"),
    }[verb]
    with pytest.raises(StaleBranch, match="deleted meanwhile"):
        change()
    assert repository.branch_names() == ["main"]
    assert list(repository.tombstones()) == []
