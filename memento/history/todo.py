"""What a verb that merges has to do: the commits that its revisions mean, in the order they are taken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b

from memento import codec
from memento.errors import UsageError
from memento.history.commit import Commit
from memento.history.repository import Repository
from memento.world import tree


def named(repository: Repository, revisions: Sequence[str], mainline: int, revert: bool = False) -> list[str]:
    """The commits that revisions and ranges ``A..B`` name, as ``git cherry-pick`` reads them.

    Revisions come in the order given, those of a range oldest first, or newest first for a `revert`.
    `mainline` is the parent (from 1) that a merge is compared with, 0 for none. Raises
    `UsageError` for an empty range, a merge without a mainline, and a revert of a first commit.
    """
    found: list[Commit] = []
    for word in revisions:
        if "..." in word and not word.startswith(":/"):
            old, _, new = word.partition("...")
            raise UsageError(
                f"{word!r} names two sides, not a range", f"`{old or 'HEAD'}..{new or 'HEAD'}` is what {new} adds"
            )
        if ".." not in word or word.startswith(":/"):
            found.append(repository.commit_of(word))
            continue
        old, _, new = word.partition("..")
        commits = repository.between([old or "HEAD"], [new or "HEAD"])
        if not commits:
            raise UsageError(
                f"the range {word} is empty: {old or 'HEAD'} has all of {new or 'HEAD'}",
                "a range is FROM..TO: what TO has and FROM has not",
            )
        found += commits[::-1] if revert else commits
    for commit in found:
        _check_mainline(commit, mainline)
        _check_worlds(repository, commit)
        if revert and not commit.parents:
            raise UsageError(
                f"{commit.id[:10]} is the first commit: without it there is no world",
                "`memento edit` changes its records",
            )
    return [commit.id for commit in found]


def _check_worlds(repository: Repository, commit: Commit) -> None:
    """Raises `CorruptRecord` where a commit or its parent holds no world, as stock git may have made it."""
    for tree_id in (commit.tree, *(repository.tree_of(parent) for parent in commit.parents)):
        tree.read_manifest(repository.objects, tree_id)


def _check_mainline(commit: Commit, mainline: int) -> None:
    parents = len(commit.parents)
    if mainline > max(parents, 1):
        have = f"{parents} parents" if parents > 1 else "one parent" if parents else "no parent"
        raise UsageError(f"{commit.id[:10]} has {have}; there is no parent {mainline}")
    if parents > 1 and not mainline:
        raise UsageError(
            f"{commit.id[:10]} is a merge: say which of its {parents} parents to compare it with",
            "--mainline 1 takes what the merge brought into its branch",
        )


def replayed(repository: Repository, upstream: str, tip: str) -> list[str]:
    """The commits that a rebase carries over: those of `tip` that `upstream` does not have, oldest first.

    As in ``git rebase``, merges are left out, and so is a commit whose very change upstream has too.
    """
    commits = [commit for commit in repository.between([upstream], [tip]) if len(commit.parents) < 2]
    for commit in commits:
        _check_worlds(repository, commit)
    theirs = [commit for commit in repository.between([tip], [upstream]) if len(commit.parents) == 1]
    if not commits or not theirs:
        return [commit.id for commit in commits]
    places = {commit.id: _folders(repository, commit) for commit in (*commits, *theirs)}
    wanted = {places[commit.id] for commit in commits}
    known = {change_id(repository, commit) for commit in theirs if places[commit.id] in wanted}
    known.discard("")
    return [commit.id for commit in commits if not known or change_id(repository, commit) not in known]


def change_id(repository: Repository, commit: Commit) -> str:
    """A hash of what a commit changed against its first parent (git's patch id); empty for nothing."""
    from memento.changes.diff import diff_trees

    if not commit.parents:
        return ""
    diff = diff_trees(repository.objects, repository.tree_of(commit.parents[0]), commit.tree)
    if not diff:
        return ""
    records = [[change.table, change.kind, change.to_map()] for change in diff.records()]
    manifest = {name: list(values) for name, values in diff.manifest_fields().items()}
    return blake2b(codec.encode([records, manifest]), digest_size=16).hexdigest()


def _folders(repository: Repository, commit: Commit) -> tuple[str, ...]:
    """The names at the top of a commit's tree that differ from its first parent's."""
    if not commit.parents:
        return ()
    before = {(e.name, e.id) for e in repository.objects.tree(repository.tree_of(commit.parents[0]))}
    after = {(e.name, e.id) for e in repository.objects.tree(commit.tree)}
    return tuple(sorted({name for name, _ in before ^ after}))


def independent(repository: Repository, ours: str, heads: Iterable[str]) -> tuple[list[str], bool]:
    """The heads that bring something of their own, sorted by id; and whether one of them has `ours`.

    Left out are those that `ours` or another head has already, as git's octopus does.
    """
    chosen = sorted(dict.fromkeys(heads))
    below = {parent for head in chosen for parent in repository.commit_of(head).parents}
    reached = repository.ancestors(*below) if below else set()
    subsumed = ours in reached
    known = reached | (set() if subsumed else repository.ancestors(ours))
    return [head for head in chosen if head not in known], subsumed
