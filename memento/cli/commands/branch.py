"""``memento branch``."""

from __future__ import annotations

import fnmatch

import click

from memento.cli.completion import branches
from memento.cli.context import Context, define, json_option
from memento.cli.filtering import where_option
from memento.cli.output import Column, plural
from memento.cli.present import short
from memento.errors import UsageError
from memento.world.values import format_time


@define(
    """
    memento branch
    memento branch 'trial-*'
    memento branch -m trial kept
    memento branch -d trial-1 trial-2
    memento branch --where 'ahead(main) > 3 & ~tagged()'
    """
)
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=branches)
@click.option(
    "-d", "--delete", "delete", is_flag=True, help="Delete the branches named; a pattern such as 'trial-*' works."
)
@click.option("-m", "--move", "move", is_flag=True, help="Rename a branch: memento branch -m OLD NEW.")
@where_option
@json_option
def command(context: Context, names: tuple[str, ...], delete: bool, move: bool, condition: str | None) -> None:
    """List, rename or delete branches.

    Lists all branches, or those that match NAME, which may have * and ? in it. The current one has
    a star. A branch is started by: memento fork BASE NEW.
    """
    output, repository = context.output, context.workspace.repository
    if delete and move:
        raise UsageError("-d and -m exclude each other")
    if condition is not None and move:
        raise UsageError("--where goes with a list and with -d, not with -m")
    if move:
        if len(names) not in (1, 2):
            raise UsageError("-m takes the old and the new name", "`memento branch -m OLD NEW`")
        old, new = names if len(names) == 2 else (repository.head, names[0])
        repository.rename_branch(old, new)
        if output.json:
            output.document("memento.branch/1", {"renamed": {"from": old, "to": new}})
        output.message(f"Renamed {old} to {new}")
    elif delete:
        if not names and condition is None:
            raise UsageError("name the branches to delete", "`memento branch -d NAME`")
        gone = _matching(repository.branch_names(), names)
        if condition is not None:
            wanted = _satisfying(context, condition)
            gone = [name for name in gone if name in wanted] if names else sorted(wanted - {repository.head})
            if not gone:
                raise UsageError("no branch satisfies --where", "`memento branch --where EXPR` lists those that do")
        repository.delete_branch(*gone)
        if output.json:
            output.document("memento.branch/1", {"deleted": gone})
        output.message(f"Deleted {gone[0] if len(gone) == 1 else plural(len(gone), 'branch', 'branches')}")
        output.hint("`memento undo` brings it back" if len(gone) == 1 else "`memento undo` brings them back")
    else:
        _list(context, names, condition)


def _satisfying(context: Context, condition: str) -> set[str]:
    from memento.query import select

    return set(select(context.workspace, condition))


def _list(context: Context, patterns: tuple[str, ...], condition: str | None) -> None:
    output = context.output
    rows = context.workspace.repository.branches()
    if patterns:
        rows = [b for b in rows if any(fnmatch.fnmatchcase(b.name, pattern) for pattern in patterns)]
    if condition is not None:
        wanted = _satisfying(context, condition)
        rows = [b for b in rows if b.name in wanted]
    if output.json:
        names = ("name", "commit", "current", "subject", "time")
        output.document("memento.branch/1", {"branches": [{n: getattr(b, n) for n in names} for b in rows]})
        return
    if not rows:
        words = f"No branch matches {' '.join(patterns)}" if patterns else "No branch satisfies it"
        output.message(words if patterns or condition else "No branches yet")
        output.hint(
            "`memento branch` lists all"
            if patterns or condition
            else "`memento generate tiny` makes a world on branch main"
        )
        return
    columns = [
        Column(""),
        Column("branch", style="bold"),
        Column("commit", style="yellow"),
        Column("time"),
        Column("last change", long=True),
    ]
    output.table(
        columns,
        (("*" if b.current else "", b.name, short(b.commit), format_time(b.time)[:10], b.subject) for b in rows),
    )


def _matching(existing: list[str], patterns: tuple[str, ...]) -> list[str]:
    """The branches that names and patterns stand for; a plain name that is not there is kept as it is."""
    found: dict[str, None] = {}
    for pattern in patterns:
        matches = fnmatch.filter(existing, pattern) if any(mark in pattern for mark in "*?[") else [pattern]
        if not matches:
            raise UsageError(f"no branch matches {pattern!r}", "`memento branch` lists all")
        found.update(dict.fromkeys(matches))
    return list(found)
