"""``git merge -s memento``: two branches of a clone merged by memento's rules, as whole worlds.

git runs ``git-merge-memento BASE... -- HEAD OTHER``. Ends with 0 and the merged tree in index and work
tree; with 1 where conflicts or contradictions are open, told in words, with the files that both sides
changed left unmerged so that nothing half-decided is committed; with 2 where it cannot merge at all.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from memento.changes.merge import Base, MergeResult, Policy, merge_trees, virtual_base
from memento.errors import MementoError
from memento.git.store import GitObjects, git
from memento.history.commit import Commit
from memento.world import tree

DONE, OPEN, UNABLE = 0, 1, 2
_SHOWN = 20
_WAY_OUT = """\
Hint: `git merge --abort` goes back. `git merge -X ours OTHER` (or -X theirs) decides every conflict for one side.
Hint: one by one: `git push origin HEAD:NAME`, then, in memento's repository or a `memento clone` of it,
Hint: `memento merge OTHER --into NAME` and `memento resolve`; `git pull origin NAME` brings the result here.
"""


def merge(bases: Sequence[str], ours: str, theirs: str, policy: Policy | None) -> int:
    """Merges commit `theirs` into `ours`; returns the exit code."""
    with GitObjects() as store:
        a, b = store.commit(ours), store.commit(theirs)
        for commit in (a, b):
            tree.read_manifest(store, commit.tree)
        result = merge_trees(store, _base(store, [store.commit(base) for base in bases]), a.tree, b.tree, policy=policy)
        if result.clean:
            store.flush()
            git("read-tree", "-m", "-u", a.id, result.tree_id)
            return DONE
        _tell(result, b.id[:8])
        _leave_open([store.commit(base).tree for base in bases[:1]], a.tree, b.tree)
        return OPEN


def _base(store: GitObjects, bases: Sequence[Commit]) -> Base | list[str]:
    if len(bases) < 2:
        return [commit.tree for commit in bases]
    return virtual_base(
        store,
        [commit.id for commit in bases],
        lambda commit: store.commit(commit).parents,
        lambda commit: store.commit(commit).tree,
    )


def _tell(result: MergeResult, theirs: str) -> None:
    said = [conflict.explanation("HEAD", theirs) for conflict in result.conflicts]
    said += [violation.explanation("HEAD", theirs) for violation in result.violations]
    for words in said[:_SHOWN]:
        sys.stderr.write(f"memento: {words}\n")
    if said[_SHOWN:]:
        sys.stderr.write(f"memento: and {len(said) - _SHOWN} more\n")
    sys.stderr.write(_WAY_OUT)


def _leave_open(base: Sequence[str], ours: str, theirs: str) -> None:
    """Index and work tree as git leaves a merge of files: what both sides changed is unmerged, and
    the manifest where that is nothing."""
    git("read-tree", "-m", "-u", "--aggressive", *(base or [git("mktree", input=b"").decode().strip()]), ours, theirs)
    if git("ls-files", "-u"):
        return
    rows = [b"0 " + b"0" * 40 + b"\tmanifest\n"]
    for stage, name in enumerate([*(base or [ours]), ours, theirs], 1):
        blob = git("rev-parse", f"{name}:manifest").strip()
        rows.append(b"100644 " + blob + b" %d\tmanifest\n" % stage)
    git("update-index", "--index-info", input=b"".join(rows))


def main(words: Sequence[str] | None = None) -> int:
    """The program that git runs."""
    words = list(sys.argv[1:] if words is None else words)
    policy: Policy | None = None
    while words and words[0].startswith("--") and words[0] != "--":
        option = words.pop(0)
        if option not in ("--ours", "--theirs"):
            sys.stderr.write(f"memento: no such option of its merges: -X {option[2:]}\n")
            return UNABLE
        policy = "ours" if option == "--ours" else "theirs"
    if "--" not in words or len(words) - words.index("--") != 3:
        sys.stderr.write("memento: merges two branches, no more; `memento merge A B` merges many\n")
        return UNABLE
    split = words.index("--")
    try:
        return merge(words[:split], words[split + 1], words[split + 2], policy)
    except MementoError as error:
        sys.stderr.write(f"memento: {error.message}\n")
        return UNABLE
    except (OSError, subprocess.SubprocessError) as error:
        sys.stderr.write(f"memento: {error}\n")
        return UNABLE


def run() -> None:
    """The console script ``git-merge-memento``."""
    sys.exit(main())


if __name__ == "__main__":
    run()
