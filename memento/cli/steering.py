"""What the commands that merge have in common: their options, going on, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from memento.cli.changes import stat_words
from memento.cli.context import Context
from memento.cli.failure import CONFLICT, OK
from memento.cli.merging import change_counts, decided_lines, merge_map, open_lines, open_words, rest_hint
from memento.cli.output import Output, clean, plural
from memento.cli.present import short
from memento.errors import UsageError

if TYPE_CHECKING:
    from memento.changes.merge import Policy
    from memento.history.merges import Merge
    from memento.history.mergestate import Verb

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def steering(verb: str, skip: bool = False) -> Decorator:
    """The options ``--continue``, ``--abort`` and ``--skip``, as `proceed`, `abort` and `skip`."""
    proceed = f"Go on with a {verb} whose conflicts are all decided."
    options: list[Decorator] = [
        click.option("--continue", "proceed", is_flag=True, help=proceed),
        click.option("--abort", is_flag=True, help=f"Give a {verb} in progress up; no branch has moved."),
    ]
    if skip:
        options.append(click.option("--skip", is_flag=True, help="Leave out the commit that is open and go on."))
    return _all(options)


def deciding(ours: str = "the receiving branch", theirs: str = "the other side") -> Decorator:
    """The options ``--ours``, ``--theirs`` and ``--dry-run``."""
    return _all(
        [
            click.option("-n", "--dry-run", "dry_run", is_flag=True, help="Tell what would happen and change nothing."),
            click.option("--ours", is_flag=True, help=f"Decide every conflict for {ours}."),
            click.option("--theirs", is_flag=True, help=f"Decide every conflict for {theirs}."),
        ]
    )


def _all(options: list[Decorator]) -> Decorator:
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def policy_of(ours: bool, theirs: bool) -> Policy | None:
    """The side that decides, if any. Raises `UsageError` for both."""
    if ours and theirs:
        raise UsageError("--ours and --theirs exclude each other")
    return "ours" if ours else "theirs" if theirs else None


def steer(context: Context, verb: Verb, given: dict[str, Any]) -> int | None:
    """Goes on with what is in progress or gives it up, where the command line asks for that; else None.

    `given` are all the arguments of the command; nothing else may stand beside these.
    """
    chosen = [name for name in ("proceed", "abort", "skip") if given.get(name)]
    if not chosen:
        return None
    if len([value for value in given.values() if value]) > 1:
        flags = "--continue, --skip and --abort" if "skip" in given else "--continue and --abort"
        raise UsageError(f"{flags} stand alone", f"`memento {verb} --continue`, `memento {verb} --abort`")
    merges = context.workspace.merges
    if chosen == ["abort"]:
        merges.abort(verb)
        if context.output.json:
            context.output.document(f"memento.{verb}/1", {"kind": "aborted"})
        context.output.message(f"Gave the {verb} up; no branch has moved")
        return OK
    return tell(context, merges.skip(verb) if chosen == ["skip"] else merges.finish(verb))


def tell(context: Context, merge: Merge, dry_run: bool = False) -> int:
    """Says what came of it; returns the exit code."""
    output = context.output
    code = CONFLICT if merge.kind == "open" else OK
    if output.json:
        content = {**merge_map(merge), "dry_run": dry_run}
        if merge.preview:
            flips = context.workspace.flips(merge.preview)
            content |= {"records": merge.preview.records, "flips": None if flips is None else flips.to_json()}
        output.document(f"memento.{merge.verb}/1", content)
        return code
    if merge.kind == "open" and merge.result is not None:
        stopped = "would stop" if dry_run else "stopped"
        at = f" at step {merge.done + 1} of {merge.total}, {short(merge.theirs)}:" if merge.total > 1 else " at"
        output.message(f"{merge.title} {stopped}{at} {open_words(merge)}")
        output.lines(
            open_lines(
                output, merge.result.conflicts, merge.result.violations, merge.sides, remembered=merge.remembered
            )
        )
        output.lines(_preview(context, merge))
        waits = f"without --dry-run the {merge.verb} waits for your decisions"
        output.hint(waits if dry_run else rest_hint(merge))
        return code
    output.message(_done_words(merge, dry_run))
    gate = context.workspace.gate.requirement(merge.branch) if dry_run else None
    if gate is not None and merge.kind != "up to date":
        output.hint(f"the gate of {merge.branch} asks for {gate.text}; that is measured when it is done, not now")
    if not output.quiet:
        output.lines(_dropped(context, merge))
        output.lines(change_counts(merge, merge.sides) if merge.verb == "merge" and merge.total == 1 else [])
        output.lines(decided_lines(merge))
        output.lines(_preview(context, merge))
    if merge.commit != merge.ours and not dry_run and merge.kind != "fast-forward":
        _hint_done(output, merge)
    return code


def _done_words(merge: Merge, dry_run: bool) -> str:
    """What was done, or would be."""
    branch, what, would = merge.branch, merge.what, "would be " if dry_run else ""
    where = f" as {short(merge.commit)}" if merge.commit else ""
    if merge.kind == "up to date":
        return {
            "merge": f"{branch} has all of {what} already",
            "squash": f"{branch} has all of {what} already" if merge.theirs != merge.ours else "",
            "cherry-pick": f"{branch} has the changes of {what} already",
            "revert": f"{branch} has nothing left of {what}",
            "rebase": f"{branch} stands on {what} already",
        }[merge.verb] or f"Nothing to fold: {what} of {branch}"
    if merge.kind == "fast-forward":
        return f"{branch} {would}moved forward to {short(merge.commit or merge.theirs)}; it had no changes of its own"
    count = merge.done - len(merge.dropped)
    commits = plural(count, "commit")
    end = f", now at {short(merge.commit)}" if merge.commit else ""
    if merge.verb == "merge":
        return f"{what} {would}merged into {branch}{where}"
    if merge.verb == "squash":
        if merge.theirs != merge.ours:
            return f"{what} {would}squashed into {branch} as one commit{f', {short(merge.commit)}' if where else ''}"
        return f"{what} of {branch} {would}squashed into one commit{where}"
    if merge.verb == "rebase":
        return f"{branch} {would}rebased onto {what}: {commits}{end}"
    done = "picked onto" if merge.verb == "cherry-pick" else "reverted on"
    return f"{commits} {would}{done} {branch}{end}"


def _dropped(context: Context, merge: Merge) -> Iterator[str]:
    for commit in merge.dropped:
        subject = context.workspace.repository.commit_of(commit).subject
        why = "is not there any more" if merge.verb == "revert" else "is there already"
        yield f"  left out {short(commit)} ({clean(subject)}): what it changes {why}"


def _preview(context: Context, merge: Merge) -> Iterator[str]:
    """What a dry run tells in numbers."""
    if merge.preview is None:
        return
    result = merge.result
    count = sum(sum(counts.values()) for counts in merge.preview.records.values())
    parts = [f"{plural(count, 'record')} would change"]
    if result is not None:
        parts += [plural(len(result.conflicts), "conflict"), plural(len(result.violations), "contradiction")]
    flips = context.workspace.flips(merge.preview)
    if flips is None:
        parts.append(
            "labels cannot be told while something is open" if merge.kind == "open" else "no labels to compare"
        )
    else:
        up_down = f" ({flips.up:,} up, {flips.down:,} down)" if flips.flipped else ""
        parts.append(f"{plural(flips.flipped, 'label')} would flip{up_down}")
    yield f"  {merge.branch}: {', '.join(parts)}"
    for table, counts in merge.preview.records.items():
        yield f"    {table} {stat_words(counts)}"


def _hint_done(output: Output, merge: Merge) -> None:
    branch = merge.branch
    if merge.verb == "merge":
        output.hint(f"`memento diff {branch}~1 {branch}` shows what came in; `memento undo` takes it back")
    else:
        output.hint(f"`memento diff {short(merge.ours)} {branch}` shows what changed; `memento undo` takes it all back")
