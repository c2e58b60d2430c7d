"""Picks, reverts, rebases, squashes and merges of many: what git does, on small worlds."""

from __future__ import annotations

import pytest
from world.worlds import START, base_state, changed, store_world

from memento.errors import ConflictError, CorruptRecord, StaleBranch, UsageError
from memento.history import Repository
from memento.history.merges import Merge, Merges
from memento.world import tree
from memento.world.objects import Entry

from .conftest import edited, importance, line


class Gate(ConflictError):
    """What a gate of these tests raises."""


@pytest.fixture
def merges(repository: Repository, first: str) -> Merges:
    return Merges(repository)


def edit(repository: Repository, branch: str, key: str, value: float, message: str = "") -> str:
    """Commits another importance of one memory."""
    made = edited(repository, repository.tree_of(branch), key, value)
    return repository.commit(branch, made, message or f"{branch}: {key} is {value}")


def forked(repository: Repository, branch: str, *edits: tuple[str, float]) -> list[str]:
    """A branch of main with some edits, one commit each."""
    repository.fork("main", branch)
    return [edit(repository, branch, key, value) for key, value in edits]


def refs(repository: Repository) -> dict[str, str]:
    return repository.refs.values("refs/")


def subjects(repository: Repository, *revisions: str) -> list[str]:
    return [commit.subject for commit in repository.log(*revisions)]


def stat(merge: Merge) -> object:
    """What a dry run would change."""
    assert merge.preview is not None
    return merge.preview.records


def answer(merges: Merges, choice: str) -> Merge:
    """Answers everything that is open."""
    open_now = merges.in_progress()
    assert open_now is not None
    assert open_now.result is not None
    return merges.resolve([conflict.resolution(choice) for conflict in open_now.result.conflicts])


# ── cherry-pick ──────────────────────────────────────────────────────────────────────────────────


def test_a_pick_brings_one_change_with_its_author_and_message(repository: Repository, merges: Merges) -> None:
    repository.fork("main", "trial")
    edit(repository, "trial", "m0-1", 0.25)
    with repository.batch("by someone else") as batch:
        made = edited(repository, repository.tree_of("trial"), "m0-2", 0.75)
        tip = repository.resolve("trial")
        picked = batch.write(made, "the one\n\nand why", [tip], author="Ada <ada@b.org>", written=5)
        batch.move("trial", picked, tip)
    edit(repository, "main", "m0-3", 0.5)
    before = repository.resolve("main")
    done = merges.cherry_pick("trial")
    commit = repository.commit_of("main")
    assert (done.kind, done.commit, done.made) == ("done", commit.id, (commit.id,))
    assert commit.parents == (before,)
    assert (commit.author, commit.message) == ("Ada <ada@b.org>", "the one\n\nand why")
    assert commit.time > repository.commit_of(before).time
    assert [importance(repository, "main", key) for key in ("m0-2", "m0-3")] == [0.75, 0.5]
    assert importance(repository, "main", "m0-1") == importance(repository, before, "m0-1")
    repository.undo()
    assert repository.resolve("main") == before


def test_a_pick_can_name_its_origin_or_have_words_of_its_own(repository: Repository, merges: Merges) -> None:
    (picked,) = forked(repository, "trial", ("m0-1", 0.25))
    merges.cherry_pick("trial", origin=True)
    assert repository.commit_of("main").message.endswith(f"(cherry picked from commit {picked})")
    repository.undo()
    merges.cherry_pick("trial", message="mine")
    assert repository.commit_of("main").message == "mine"


def test_a_range_is_picked_oldest_first_as_one_operation(repository: Repository, merges: Merges) -> None:
    forked(repository, "trial", ("m0-1", 0.25), ("m0-2", 0.5), ("m0-1", 0.75))
    before = repository.resolve("main")
    edit(repository, "main", "m1-1", 0.5)
    count = len(list(repository.operations()))
    done = merges.cherry_pick(f"{before}..trial")
    assert len(done.made) == 3
    assert len(list(repository.operations())) == count + 1
    assert subjects(repository, "main")[:3] == subjects(repository, "trial")[:3]
    assert importance(repository, "main", "m0-1") == 0.75


def test_a_change_that_is_there_already_is_left_out(repository: Repository, merges: Merges) -> None:
    first, second = forked(repository, "trial", ("m0-1", 0.25), ("m0-2", 0.5))
    edit(repository, "main", "m0-1", 0.25)
    done = merges.cherry_pick("main..trial")
    assert (done.dropped, len(done.made)) == ((first,), 1)
    before = refs(repository)
    again = merges.cherry_pick([first, second])
    assert (again.kind, again.dropped, again.made) == ("up to date", (first, second), ())
    assert refs(repository) == before


def test_a_commit_picked_onto_its_parent_gives_the_same_tree(repository: Repository, merges: Merges) -> None:
    (picked,) = forked(repository, "trial", ("m0-1", 0.25))
    merges.cherry_pick(picked, onto="main")
    assert repository.tree_of("main") == repository.tree_of(picked)


def test_picking_an_ancestor_changes_nothing(repository: Repository, merges: Merges) -> None:
    edit(repository, "main", "m0-1", 0.25)
    edit(repository, "main", "m0-2", 0.25)
    before = refs(repository)
    assert merges.cherry_pick("main~1").kind == "up to date"
    assert refs(repository) == before


def test_a_first_commit_is_picked_over_nothing(repository: Repository, merges: Merges) -> None:
    """As in git: all of its records are added, and what stands there otherwise is a conflict."""
    root = repository.resolve("main")
    assert merges.cherry_pick(root).kind == "up to date"
    edit(repository, "main", "m0-1", 0.125)
    stopped = merges.cherry_pick(root)
    assert stopped.kind == "open"
    assert stopped.result is not None
    assert [c.place for c in stopped.result.conflicts] == ["memory:m0-1.importance"]


def test_a_merge_is_picked_and_reverted_by_its_mainline(repository: Repository, merges: Merges) -> None:
    forked(repository, "trial", ("m0-1", 0.25), ("m0-2", 0.5))
    repository.fork("main", "other")
    edit(repository, "main", "m0-3", 0.75)
    old = repository.tree_of("main")
    merges.start("trial")
    with pytest.raises(UsageError, match="is a merge"):
        merges.cherry_pick("main", onto="other")
    with pytest.raises(UsageError, match="there is no parent 3"):
        merges.cherry_pick("main", onto="other", mainline=3)
    merges.cherry_pick("main", onto="other", mainline=1)
    assert repository.tree_of("other") == repository.tree_of("trial")
    merges.revert("main", mainline=1)
    assert repository.tree_of("main") == old
    assert "reversing\nchanges made to" in repository.commit_of("main").message


# ── revert ───────────────────────────────────────────────────────────────────────────────────────


def test_a_revert_takes_back_one_change_and_leaves_what_came_since(repository: Repository, merges: Merges) -> None:
    was = importance(repository, "main", "m0-1")
    wrong = edit(repository, "main", "m0-1", 0.25, "wrong")
    edit(repository, "main", "m0-2", 0.5)
    merges.revert(wrong)
    assert (importance(repository, "main", "m0-1"), importance(repository, "main", "m0-2")) == (was, 0.5)
    assert repository.commit_of("main").message == f'Revert "wrong"\n\nThis reverts commit {wrong}.'
    merges.revert("main")
    assert importance(repository, "main", "m0-1") == 0.25
    assert repository.commit_of("main").subject == 'Reapply "wrong"'
    merges.revert("main")
    assert repository.commit_of("main").subject == 'Revert "Reapply "wrong""'


def test_a_range_is_reverted_newest_first(repository: Repository, merges: Merges) -> None:
    before = repository.resolve("main")
    line(repository, 4)
    done = merges.revert(f"{before}..main")
    assert len(done.made) == 4
    assert repository.tree_of("main") == repository.tree_of(before)
    assert subjects(repository, "main")[:4] == [f'Revert "main {n}"' for n in range(4)]


def test_a_first_commit_is_not_reverted(repository: Repository, merges: Merges) -> None:
    line(repository, 1)
    before = refs(repository)
    with pytest.raises(UsageError, match="first commit"):
        merges.revert(["main", "main~1"])
    assert refs(repository) == before


# ── rebase ───────────────────────────────────────────────────────────────────────────────────────


def test_a_rebase_puts_the_commits_on_top(repository: Repository, merges: Merges) -> None:
    forked(repository, "trial", ("m0-1", 0.25), ("m0-2", 0.5))
    onto = edit(repository, "main", "m0-3", 0.75)
    old = repository.resolve("trial")
    done = merges.rebase("main", "trial")
    assert (done.kind, len(done.made), done.title) == ("done", 2, "Rebasing trial onto main")
    assert repository.resolve("trial~2") == onto
    assert [c.message for c in repository.log("trial", limit=2)] == [c.message for c in repository.log(old, limit=2)]
    assert [importance(repository, "trial", k) for k in ("m0-1", "m0-2", "m0-3")] == [0.25, 0.5, 0.75]
    times = [commit.time for commit in repository.log("trial")]
    assert times == sorted(times, reverse=True)
    repository.undo()
    assert repository.resolve("trial") == old


def test_a_rebase_onto_its_own_base_is_a_no_op(repository: Repository, merges: Merges) -> None:
    forked(repository, "trial", ("m0-1", 0.25), ("m0-2", 0.5))
    before = refs(repository)
    assert merges.rebase("main", "trial").kind == "up to date"
    assert merges.rebase("trial~1", "trial").kind == "up to date"
    assert merges.rebase("main", "main").kind == "up to date"
    assert merges.rebase("trial", "trial").kind == "up to date"
    assert refs(repository) == before


def test_a_branch_without_changes_moves_forward(repository: Repository, merges: Merges) -> None:
    repository.fork("main", "trial")
    onto = edit(repository, "main", "m0-1", 0.5)
    done = merges.rebase("main", "trial")
    assert (done.kind, done.commit) == ("fast-forward", onto)
    assert repository.resolve("trial") == onto


def test_onto_another_base_takes_only_what_upstream_lacks(repository: Repository, merges: Merges) -> None:
    forked(repository, "topic", ("m0-1", 0.25))
    repository.fork("topic", "more")
    edit(repository, "more", "m0-2", 0.5)
    edit(repository, "main", "m0-3", 0.75)
    was = importance(repository, "main", "m0-1")
    merges.rebase("topic", "more", onto="main")
    assert repository.resolve("more~1") == repository.resolve("main")
    assert (importance(repository, "more", "m0-1"), importance(repository, "more", "m0-2")) == (was, 0.5)


def test_a_change_that_upstream_has_too_is_left_out_though_it_went_on(repository: Repository, merges: Merges) -> None:
    """Upstream picked the commit and then changed the same field: a merge alone would see a conflict."""
    (picked, _) = forked(repository, "trial", ("m0-1", 0.25), ("m0-2", 0.5))
    edit(repository, "main", "m1-1", 0.5)
    merges.cherry_pick(picked)
    edit(repository, "main", "m0-1", 0.875)
    done = merges.rebase("main", "trial")
    assert (done.kind, done.total, len(done.made)) == ("done", 1, 1)
    assert importance(repository, "trial", "m0-1") == 0.875


def test_merges_are_flattened(repository: Repository, merges: Merges) -> None:
    forked(repository, "side", ("m0-1", 0.25))
    forked(repository, "trial", ("m0-2", 0.5))
    merges.start("side", into="trial")
    edit(repository, "main", "m0-3", 0.75)
    merges.rebase("main", "trial")
    commits = list(repository.log("trial"))
    assert all(len(commit.parents) < 2 for commit in commits)
    assert [importance(repository, "trial", k) for k in ("m0-1", "m0-2", "m0-3")] == [0.25, 0.5, 0.75]


def test_a_history_that_shares_nothing_is_rebased_from_its_first_commit(repository: Repository, merges: Merges) -> None:
    alone = repository.commit("alone", repository.tree_of("main"), "again", parents=[])
    edit(repository, "alone", "m0-1", 0.5)
    assert repository.commit_of(alone).parents == ()
    done = merges.rebase("main", "alone")
    assert done.dropped == (alone,)
    assert repository.resolve("alone~1") == repository.resolve("main")


# ── squash ───────────────────────────────────────────────────────────────────────────────────────


def test_a_squash_is_one_commit_with_one_parent(repository: Repository, merges: Merges) -> None:
    forked(repository, "trial", ("m0-1", 0.25), ("m0-2", 0.5))
    before = edit(repository, "main", "m0-3", 0.75)
    done = merges.squash("trial", into="main")
    commit = repository.commit_of("main")
    assert (done.kind, commit.parents) == ("done", (before,))
    assert commit.message.splitlines()[0] == "Squash trial into main"
    assert commit.message.count("\n* trial: ") == 2
    assert [importance(repository, "main", k) for k in ("m0-1", "m0-2", "m0-3")] == [0.25, 0.5, 0.75]
    assert merges.squash("trial", into="main").kind == "up to date"


def test_a_squash_of_a_branch_ahead_is_a_commit_too(repository: Repository, merges: Merges) -> None:
    forked(repository, "trial", ("m0-1", 0.25), ("m0-2", 0.5))
    before = repository.resolve("main")
    merges.squash("trial")
    assert repository.commit_of("main").parents == (before,)
    assert repository.tree_of("main") == repository.tree_of("trial")


def test_the_last_commits_are_folded(repository: Repository, merges: Merges) -> None:
    root = repository.resolve("main")
    line(repository, 4)
    tip = repository.tree_of("main")
    done = merges.fold(count=3)
    commit = repository.commit_of("main")
    assert (done.commit, commit.tree) == (commit.id, tip)
    assert commit.message.splitlines() == ["main 1", "", "* main 1", "* main 2", "* main 3"]
    assert repository.resolve("main~2") == root
    merges.fold(since=root, message="all of it")
    assert repository.commit_of("main").parents == (root,)
    assert merges.fold(count=1).kind == "up to date"
    merges.fold(count=2)
    assert repository.commit_of("main").parents == ()
    with pytest.raises(UsageError, match="has 1 commits, not 2"):
        merges.fold(count=2)


# ── stopping, going on, giving up ────────────────────────────────────────────────────────────────


@pytest.fixture
def parted(repository: Repository, merges: Merges) -> Merges:
    """Main and trial, three commits each; the second and third of trial are apart from main."""
    forked(repository, "trial", ("m0-1", 0.25), ("m0-2", 0.5), ("m0-3", 0.75))
    for key in ("m1-1", "m0-2", "m0-3"):
        edit(repository, "main", key, 0.125)
    return merges


def test_nothing_moves_before_the_last_step(repository: Repository, parted: Merges) -> None:
    before = refs(repository)
    stopped = parted.rebase("main", "trial")
    assert (stopped.kind, stopped.done, stopped.total) == ("open", 1, 3)
    assert stopped.sides == ("main", f"trial's {repository.resolve('trial~1')[:8]}")
    with pytest.raises(ConflictError, match="1 conflict still open"):
        parted.finish()
    decided = answer(parted, "theirs")
    assert decided.result is not None
    assert decided.result.clean
    assert refs(repository) == before
    stopped = parted.finish()
    assert (stopped.kind, stopped.done) == ("open", 2)
    assert refs(repository) == before
    answer(parted, "ours")
    done = parted.finish("rebase")
    assert (done.kind, len(done.made), len(done.dropped)) == ("done", 2, 1)
    assert [importance(repository, "trial", k) for k in ("m0-1", "m0-2", "m0-3")] == [0.25, 0.5, 0.125]
    assert parted.in_progress() is None
    repository.undo()
    assert refs(repository)["refs/heads/trial"] == before["refs/heads/trial"]


def test_another_process_goes_on(repository: Repository, parted: Merges) -> None:
    parted.rebase("main", "trial")
    with Repository.open(repository.root) as other:
        elsewhere = Merges(other)
        answer(elsewhere, "theirs")
        assert elsewhere.finish().done == 2
        answer(elsewhere, "theirs")
        elsewhere.finish()
    with Repository.open(repository.root) as third:
        assert importance(third, "trial", "m0-3") == 0.75


def test_a_skipped_commit_is_left_out(repository: Repository, parted: Merges) -> None:
    parted.cherry_pick("main..trial", onto="main")
    assert parted.skip().done == 2
    done = parted.skip("cherry-pick")
    assert (done.kind, len(done.made)) == ("done", 1)
    assert [importance(repository, "main", k) for k in ("m0-1", "m0-2", "m0-3")] == [0.25, 0.125, 0.125]


def test_a_merge_has_nothing_to_skip(parted: Merges) -> None:
    parted.start("trial")
    with pytest.raises(UsageError, match="nothing to skip"):
        parted.skip()


def test_giving_up_leaves_everything_as_it_was(repository: Repository, parted: Merges) -> None:
    before = refs(repository)
    parted.rebase("main", "trial")
    parted.abort("rebase")
    assert refs(repository) == before
    assert parted.in_progress() is None


@pytest.mark.parametrize("policy", ["ours", "theirs"])
def test_a_policy_decides(repository: Repository, parted: Merges, policy: str) -> None:
    done = parted.rebase("main", "trial", policy=policy)  # type: ignore[arg-type]
    assert done.kind == "done"
    assert importance(repository, "trial", "m0-3") == {"ours": 0.125, "theirs": 0.75}[policy]


def test_one_verb_does_not_end_another(parted: Merges) -> None:
    parted.rebase("main", "trial")
    for act in (parted.finish, parted.abort, parted.skip):
        with pytest.raises(UsageError, match="a rebase is in progress, not a merge") as caught:
            act("merge")
        assert "memento rebase --continue" in caught.value.hint
    for begin in (parted.start, parted.cherry_pick, parted.revert, parted.rebase, parted.squash):
        with pytest.raises(ConflictError, match="a rebase is in progress"):
            begin("trial")
    with pytest.raises(ConflictError):
        parted.fold(count=2)


@pytest.mark.parametrize("verb", ["rebase", "cherry-pick", "revert", "squash", "merge"])
def test_a_branch_that_moved_meanwhile_is_told(repository: Repository, parted: Merges, verb: str) -> None:
    {
        "rebase": lambda: parted.rebase("main", "trial"),
        "cherry-pick": lambda: parted.cherry_pick("main~1", onto="trial"),
        "revert": lambda: parted.revert("main~1", onto="trial"),
        "squash": lambda: parted.squash("main", into="trial"),
        "merge": lambda: parted.start("main", into="trial"),
    }[verb]()
    assert parted.in_progress() is not None
    answer(parted, "ours")
    moved = edit(repository, "trial", "m1-5", 0.5)
    with pytest.raises(StaleBranch, match=f"has moved since the {verb} began") as caught:
        parted.finish()
    assert f"memento {verb} --abort" in caught.value.hint
    assert repository.resolve("trial") == moved
    parted.abort()


@pytest.mark.parametrize("act", ["finish", "abort"])
def test_what_landed_before_a_kill_is_found_out(
    repository: Repository, parted: Merges, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    parted.cherry_pick("main~1", onto="trial")
    answer(parted, "theirs")
    with monkeypatch.context() as patch:
        patch.setattr(repository, "clear_merge", lambda: None)
        done = parted.finish()
    assert repository.load_merge() is not None
    assert parted.in_progress() is None
    edit(repository, "trial", "m1-5", 0.5)
    if act == "finish":
        assert parted.finish().kind == "done"
    else:
        with pytest.raises(UsageError, match="committed already"):
            parted.abort()
    assert repository.load_merge() is None
    assert repository.resolve("trial~1") == done.commit


def test_a_kill_before_the_commit_leaves_it_open(
    repository: Repository, parted: Merges, monkeypatch: pytest.MonkeyPatch
) -> None:
    parted.rebase("main", "trial", policy=None)
    answer(parted, "theirs")
    parted.finish()
    answer(parted, "theirs")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    before = refs(repository)
    with monkeypatch.context() as patch:
        patch.setattr(repository._operations, "_move", killed)
        with pytest.raises(KeyboardInterrupt):
            parted.finish()
    assert refs(repository) == before
    state = repository.load_merge()
    assert state is not None
    assert state.landing
    assert parted.in_progress() is not None
    assert parted.finish().commit == state.landing


def test_a_dry_run_keeps_nothing(repository: Repository, parted: Merges) -> None:
    before, packs = refs(repository), sorted(repository.path.glob("objects/pack/*"))
    tried = [
        parted.rebase("main", "trial", dry_run=True),
        parted.cherry_pick("main..trial", dry_run=True),
        parted.cherry_pick("trial~2", dry_run=True),
        parted.revert("main~2", dry_run=True),
        parted.squash("trial", policy="ours", dry_run=True),
        parted.fold(count=2, dry_run=True),
        parted.start("trial", policy="theirs", dry_run=True),
    ]
    assert [merge.kind for merge in tried] == ["open", "open", "done", "done", "done", "done", "merged"]
    assert stat(tried[2]) == {"memories": {"added": 0, "removed": 0, "changed": 1}}
    assert stat(tried[6]) == {"memories": {"added": 0, "removed": 0, "changed": 3}}
    assert refs(repository) == before
    assert sorted(repository.path.glob("objects/pack/*")) == packs
    assert repository.load_merge() is None
    assert not repository.objects.staged


# ── many at once ─────────────────────────────────────────────────────────────────────────────────


def test_many_variants_become_one_commit_in_whatever_order(repository: Repository, merges: Merges) -> None:
    base = repository.resolve("main")
    keys = [f"m{n // 40}-{n % 40}" for n in range(100)]
    names = repository.fork("main", "v", 100)
    for n, name in enumerate(names):
        edit(repository, name, keys[n], n / 128)
    edit(repository, "main", "m0-0", 0.0)
    ours = repository.resolve("main")
    done = merges.start(names)
    commit = repository.commit_of("main")
    assert (done.kind, done.total, done.commit) == ("merged", 100, commit.id)
    assert commit.parents == (ours, *sorted(repository.resolve(name) for name in names))
    assert all(importance(repository, "main", keys[n]) == n / 128 for n in range(100))
    assert commit.subject.endswith("and 98 others into main")
    repository.move_branch("main", ours)
    assert merges.start(names[::-1]).commit == commit.id
    assert base


def test_redundant_heads_are_left_out(repository: Repository, merges: Merges) -> None:
    forked(repository, "a", ("m0-1", 0.25), ("m0-2", 0.5))
    forked(repository, "b", ("m0-3", 0.75))
    repository.fork("main", "old")
    repository.fork("a~1", "below")
    before = edit(repository, "main", "m0-4", 0.125)
    merges.start(["a", "below", "b", "old", "a"])
    assert set(repository.commit_of("main").parents) == {before, repository.resolve("a"), repository.resolve("b")}
    assert merges.start(["a", "b", "old"]).kind == "up to date"


def test_a_branch_without_changes_of_its_own_is_no_parent(repository: Repository, merges: Merges) -> None:
    """As in git: where one of the heads has the branch, only the heads are parents."""
    forked(repository, "a", ("m0-1", 0.25))
    forked(repository, "b", ("m0-3", 0.75))
    merges.start(["a", "b"])
    assert set(repository.commit_of("main").parents) == {repository.resolve("a"), repository.resolve("b")}
    repository.fork("a", "more")
    edit(repository, "more", "m0-5", 0.5)
    repository.fork("a", "main2")
    assert merges.start(["a", "more"], into="main2").kind == "fast-forward"


def test_conflicts_of_many_are_answered_one_head_after_the_other(repository: Repository, merges: Merges) -> None:
    names = ["a", "b", "c", "d"]
    for place, name in enumerate(names):
        forked(repository, name, ("m0-1", 0.25 + place / 8), (f"m0-{place + 2}", 0.5))
    edit(repository, "main", "m1-1", 0.75)
    before = refs(repository)
    stopped = merges.start(names)
    while stopped.kind == "open":
        assert stopped.result is not None
        assert [c.place for c in stopped.result.conflicts] == ["memory:m0-1.importance"]
        assert refs(repository) == before
        answer(merges, "theirs")
        stopped = merges.finish()
    assert len(repository.commit_of("main").parents) == 5
    assert all(importance(repository, "main", f"m0-{place + 2}") == 0.5 for place in range(4))
    last = max(repository.resolve(name) for name in names)
    assert importance(repository, "main", "m0-1") == importance(repository, last, "m0-1")


def test_many_that_merged_each_other_crosswise(repository: Repository, merges: Merges) -> None:
    forked(repository, "a", ("m0-1", 0.25))
    forked(repository, "b", ("m0-2", 0.5))
    one, two = repository.resolve("a"), repository.resolve("b")
    merges.start(two, into="a")
    merges.start(one, into="b")
    edit(repository, "a", "m0-1", 0.75)
    edit(repository, "b", "m0-2", 0.875)
    forked(repository, "c", ("m0-3", 0.125))
    edit(repository, "main", "m0-4", 0.0)
    merges.start(["a", "b", "c"])
    found = [importance(repository, "main", f"m0-{n}") for n in (1, 2, 3, 4)]
    assert found == [0.75, 0.875, 0.125, 0.0]


def test_many_are_squashed_too(repository: Repository, merges: Merges) -> None:
    forked(repository, "a", ("m0-1", 0.25))
    forked(repository, "b", ("m0-2", 0.5))
    before = repository.resolve("main")
    merges.squash(["a", "b"])
    assert repository.commit_of("main").parents == (before,)
    assert [importance(repository, "main", k) for k in ("m0-1", "m0-2")] == [0.25, 0.5]


# ── the gate ─────────────────────────────────────────────────────────────────────────────────────


def test_the_gate_is_asked_before_every_move(repository: Repository, merges: Merges) -> None:
    forked(repository, "trial", ("m0-1", 0.25), ("m0-2", 0.5))
    repository.fork("main", "behind")
    edit(repository, "main", "m0-3", 0.75)
    edit(repository, "main", "m0-3", 0.875)
    asked: list[tuple[str, str]] = []

    def refuse(branch: str, tree_id: str) -> None:
        tree.read(repository.objects, tree_id)
        asked.append((branch, tree_id))
        raise Gate("the gate says no")

    merges.gate = refuse
    before = refs(repository)
    tries = [
        lambda: merges.start("trial"),
        lambda: merges.start("main", into="behind"),
        lambda: merges.cherry_pick("trial"),
        lambda: merges.revert("main"),
        lambda: merges.rebase("main", "trial"),
        lambda: merges.rebase("main", "behind"),
        lambda: merges.squash("trial"),
        lambda: merges.fold(count=2),
    ]
    for attempt in tries:
        with pytest.raises(Gate):
            attempt()
    assert len(asked) == len(tries)
    assert refs(repository) == before
    assert not repository.objects.staged
    assert repository.load_merge() is None
    merges.gate = lambda branch, tree_id: None
    assert merges.start("trial").kind == "merged"


def test_a_gate_may_change_the_repository(repository: Repository, merges: Merges) -> None:
    forked(repository, "trial", ("m0-1", 0.25))
    edit(repository, "main", "m0-3", 0.75)
    merges.gate = lambda branch, tree_id: repository.tag("seen", "trial")
    assert merges.start("trial").kind == "merged"
    assert importance(repository, "main", "m0-1") == 0.25
    assert [tag.name for tag in repository.tags()] == ["seen"]


def test_a_gate_that_refuses_what_was_answered_leaves_the_answers(repository: Repository, parted: Merges) -> None:
    parted.start("trial")
    answer(parted, "ours")

    def refuse(branch: str, tree_id: str) -> None:
        raise Gate("no")

    parted.gate = refuse
    with pytest.raises(Gate):
        parted.finish()
    found = parted.in_progress()
    assert found is not None
    assert found.result is not None
    assert found.result.clean


# ── worlds that contradict themselves, and commits that hold none ────────────────────────────────


def test_a_revert_that_takes_away_what_is_cited_since_is_a_violation(repository: Repository) -> None:
    merges, objects = Merges(repository), repository.objects
    state = base_state()
    told = []
    for change in (
        ("put", "memories", "m-5", {"id": "m-5", "text": "fact", "created_at": START}),
        ("put", "turns", "s-1.1", {"cites": ["m-5"]}),
    ):
        repository.commit("main", store_world(state, objects)[1], "before")
        state = changed(state, [change])
        told.append(repository.commit("main", store_world(state, objects)[1], f"{change[2]} comes in"))
    before = refs(repository)
    stopped = merges.revert(told[0])
    assert stopped.result is not None
    (violation,) = stopped.result.violations
    assert (violation.place, violation.involved) == ("turn:s-1.1", ("memory:m-5",))
    assert refs(repository) == before
    number = next(n for n, fix in enumerate(violation.fixes, 1) if "no longer refer to memory:m-5" in fix.words)
    merges.resolve([violation.resolution("fix", number)])
    done = merges.finish("revert")
    assert done.kind == "done"
    repository.undo()
    stopped = merges.revert(told[0])
    assert stopped.result is not None
    (again,) = stopped.result.violations
    merges.resolve([stopped.remembered[again.id].resolution(again)])
    assert merges.finish().commit == done.commit


@pytest.mark.parametrize("verb", ["cherry_pick", "revert", "rebase", "squash", "start"])
def test_a_commit_without_a_world_is_told(repository: Repository, merges: Merges, verb: str) -> None:
    blob = repository.objects.add_blob(b"not a world")
    foreign = repository.objects.add_tree([Entry("README", blob, False)])
    with repository.batch("as stock git might") as batch:
        made = batch.write(foreign, "foreign", [repository.resolve("main")], time=1_800_000_000)
        batch.move("odd", made)
    edit(repository, "main", "m0-1", 0.5)
    before = refs(repository)
    begin = {"rebase": lambda: merges.rebase("main", "odd")}.get(verb, lambda: getattr(merges, verb)("odd"))
    with pytest.raises(CorruptRecord):
        begin()
    assert refs(repository) == before
    assert repository.load_merge() is None
    assert not repository.objects.staged


# ── words ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("revisions", "says"),
    [
        (["trial..main", "main..main"], "is empty"),
        (["trial...main"], "two sides"),
        (["nothing"], "no revision named"),
    ],
)
def test_bad_revisions_are_told_before_anything_happens(
    repository: Repository, parted: Merges, revisions: list[str], says: str
) -> None:
    before = refs(repository)
    with pytest.raises(UsageError, match=says):
        parted.cherry_pick(revisions)
    with pytest.raises(UsageError, match=says):
        parted.revert(revisions)
    assert refs(repository) == before


def test_one_message_for_many_is_refused(parted: Merges) -> None:
    with pytest.raises(UsageError, match="one message for 3 commits"):
        parted.cherry_pick("main..trial", message="x")
