"""What a merge, pick, revert, rebase or squash says: titles, names of sides, commit messages."""

from __future__ import annotations

from collections.abc import Sequence

from memento.history.commit import Commit
from memento.history.mergestate import MergeState

_SHOWN = 3
_LISTED = 100


def title(state: MergeState) -> str:
    """What is being done, such as ``Rebasing trial onto main``."""
    what, branch = what_of(state), state.branch
    return {
        "merge": f"Merging {what} into {branch}",
        "squash": f"Squashing {what} into {branch}",
        "cherry-pick": f"Picking {what} onto {branch}",
        "revert": f"Reverting {what} on {branch}",
        "rebase": f"Rebasing {branch} onto {what}",
    }[state.verb]


def description(state: MergeState) -> str:
    """The line of the operation log."""
    what, branch = what_of(state), state.branch
    return {
        "merge": f"merge {what} into {branch}",
        "squash": f"squash {what} into {branch}",
        "cherry-pick": f"cherry-pick {what} onto {branch}",
        "revert": f"revert {what} on {branch}",
        "rebase": f"rebase {branch} onto {what}",
    }[state.verb]


def what_of(state: MergeState) -> str:
    """What comes in, as the user named it; of many names the first few."""
    return some([str(name) for name in state.options.get("names") or [id[:8] for id in state.todo]])


def some(names: Sequence[str], limit: int = _SHOWN) -> str:
    """``a``, ``a and b``, ``a, b and 8 others``."""
    if len(names) > limit:
        return f"{', '.join(names[: limit - 1])} and {len(names) - limit + 1} others"
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def sides(state: MergeState, step: int) -> tuple[str, str]:
    """What the two sides of a step are called."""
    commit = state.todo[step] if step < len(state.todo) else ""
    names = [str(name) for name in state.options.get("names") or ()]
    if state.verb in ("merge", "squash"):
        ours = state.branch if step == 0 else f"{state.branch} with {some(names[:step], 2)}"
        return ours, names[step] if step < len(names) else commit[:8]
    if state.verb == "rebase":
        return names[0] if names else state.onto[:8], f"{state.branch}'s {commit[:8]}"
    return state.branch, f"the parent of {commit[:8]}" if state.verb == "revert" else commit[:8]


def merge_message(names: Sequence[str], branch: str) -> str:
    """The message of a merge of some branches."""
    return f"Merge {some(names)} into {branch}"


def pick_message(commit: Commit, origin: bool) -> str:
    """The message of a picked commit; with `origin` it names the commit that it was picked from."""
    message = commit.message.strip() or f"pick {commit.id[:10]}"
    return f"{message}\n\n(cherry picked from commit {commit.id})" if origin else message


def revert_message(commit: Commit, mainline: int) -> str:
    """The message of a revert, as git writes it: a revert of a revert applies again."""
    subject, lead = commit.subject.strip(), 'Revert "'
    if subject.startswith(lead) and not subject.startswith(lead * 2):
        first = 'Reapply "' + subject.removeprefix(lead)
    else:
        first = f'{lead}{subject}"'
    body = f"This reverts commit {commit.id}"
    if len(commit.parents) > 1:
        body += f", reversing\nchanges made to {commit.parents[mainline - 1]}"
    return f"{first}\n\n{body}."


def squash_message(first: str, commits: Sequence[Commit]) -> str:
    """The message of one commit for many: a line of its own, then what each of them said, oldest first."""
    lines = [f"* {commit.subject}" for commit in commits[:_LISTED]]
    if len(commits) > _LISTED:
        lines.append(f"* and {len(commits) - _LISTED} more")
    return "\n".join([first, "", *lines])
