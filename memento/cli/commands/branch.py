"""``memento branch``."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING

import click

from memento.cli.completion import branches, revisions
from memento.cli.context import Context, define, json_option
from memento.cli.filtering import where_option
from memento.cli.output import Column, plural
from memento.cli.present import short
from memento.cli.sharing import upstream_map, upstream_words
from memento.errors import UsageError
from memento.world.values import format_time

if TYPE_CHECKING:
    from memento.history import Branch, Repository

_FIELDS = ("name", "commit", "current", "subject", "time")


@define(
    """
    memento branch
    memento branch 'trial-*' --sort newest -n 10
    memento branch --contains main~3
    memento branch -m trial kept
    memento branch -d trial-1 trial-2
    memento branch -d 'trial-*' --merged main
    memento branch --where 'ahead(main) > 3 & ~tagged()'
    """
)
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=branches)
@click.option("-d", "--delete", "delete", is_flag=True, help="Delete those listed; a pattern such as 'trial-*' works.")
@click.option("-m", "--move", "move", is_flag=True, help="Rename a branch: memento branch -m OLD NEW.")
@click.option("--contains", metavar="REV", shell_complete=revisions, help="Only branches with REV in their history.")
@click.option("--merged", metavar="REV", shell_complete=revisions, help="Only branches that lie in the history of REV.")
@click.option("--no-merged", metavar="REV", shell_complete=revisions, help="Only branches that do not.")
@click.option(
    "--sort", type=click.Choice(["name", "newest", "oldest"]), default="name", show_default=True,
    help="In which order.",
)  # fmt: skip
@click.option("-r", "--remotes", is_flag=True, help="List the branches of remotes, as they were last seen.")
@click.option("-n", "--limit", metavar="N", type=click.IntRange(1), help="List at most N.")
@where_option
@json_option
def command(
    context: Context,
    names: tuple[str, ...],
    delete: bool,
    move: bool,
    contains: str | None,
    merged: str | None,
    no_merged: str | None,
    sort: str,
    remotes: bool,
    limit: int | None,
    condition: str | None,
) -> None:
    """List, rename or delete branches.

    Lists all branches, or those that match NAME, which may have * and ? in it. The current one has
    a star. A branch is started by: memento fork BASE NEW. Deleting any number is one operation.
    """
    repository = context.workspace.repository
    if delete and move:
        raise UsageError("-d and -m exclude each other")
    chosen = any(option is not None for option in (contains, merged, no_merged, condition))
    if (move and (chosen or limit or sort != "name")) or (delete and (limit or sort != "name")):
        raise UsageError(
            "--sort and -n are about lists, and -m takes names alone",
            "see `memento branch --help`",
        )
    if remotes:
        if delete or move or chosen or limit or sort != "name":
            raise UsageError("--remotes goes with names alone", "`memento branch -r 'origin/*'`")
        _list(context, _seen(repository, names), bool(names))
        return
    if move:
        _rename(context, names)
        return
    if delete and not names and not chosen:
        raise UsageError("name the branches to delete", "`memento branch -d NAME`")
    tips = repository.tips()
    kept = _matching(tips, names, strict=delete) if names else list(tips)
    for wanted in _sets(context, contains, merged, no_merged, condition):
        kept = [name for name in kept if name in wanted]
    if delete:
        _delete(context, kept if not chosen else [name for name in kept if name != repository.head])
        return
    _list(context, _sorted(repository, {name: tips[name] for name in kept}, sort, limit), bool(names or chosen))


def _rename(context: Context, names: tuple[str, ...]) -> None:
    output, repository = context.output, context.workspace.repository
    if len(names) not in (1, 2):
        raise UsageError("-m takes the old and the new name", "`memento branch -m OLD NEW`")
    old, new = names if len(names) == 2 else (repository.head, names[0])
    repository.rename_branch(old, new)
    if output.json:
        output.document("memento.branch/1", {"renamed": {"from": old, "to": new}})
    output.message(f"Renamed {old} to {new}")


def _delete(context: Context, gone: list[str]) -> None:
    output = context.output
    if not gone:
        raise UsageError("no branch is left to delete", "`memento branch` with the same options lists them")
    context.workspace.repository.delete_branch(*gone)
    if output.json:
        output.document("memento.branch/1", {"deleted": gone})
    output.message(f"Deleted {gone[0] if len(gone) == 1 else plural(len(gone), 'branch', 'branches')}")
    output.hint("`memento undo` brings it back" if len(gone) == 1 else "`memento undo` brings them back")


def _list(context: Context, rows: Iterable[Branch], narrowed: bool) -> None:
    output = context.output
    known = context.workspace.remotes.upstreams()
    if output.json:
        fields = ({n: getattr(b, n) for n in _FIELDS} | {"upstream": upstream_map(known.get(b.name))} for b in rows)
        output.stream("memento.branch/1", "branches", fields)
        return
    found = list(rows)
    if not found:
        output.message("No branch matches" if narrowed else "No branches yet")
        output.hint(
            f"`memento branch` lists all, `memento fork {context.workspace.repository.head} NAME` starts one"
            if narrowed
            else "`memento generate tiny` makes a world on branch main"
        )
        return
    columns = [
        Column(""),
        Column("branch", style="bold"),
        Column("commit", style="yellow"),
        Column("time"),
        *([Column("follows")] if any(b.name in known for b in found) else []),
        Column("last change", long=True),
    ]

    def cells(b: Branch) -> list[str]:
        row = ["*" if b.current else "", b.name, short(b.commit), format_time(b.time)[:10]]
        if len(columns) > len(row) + 1:
            row.append(upstream_words(known[b.name]) if b.name in known else "")
        return [*row, b.subject]

    output.table(columns, map(cells, found))


def _seen(repository: Repository, patterns: tuple[str, ...]) -> Iterator[Branch]:
    """The branches of remotes, as they were last seen."""
    from memento.history import Branch

    for ref, value in repository.refs.values("refs/remotes/").items():
        name = ref.removeprefix("refs/remotes/")
        if not value.startswith("refs/") and (not patterns or any(fnmatch.fnmatchcase(name, p) for p in patterns)):
            commit = repository.commit_of(value)
            yield Branch(name, value, False, commit.subject, commit.time)


def _sets(
    context: Context, contains: str | None, merged: str | None, no_merged: str | None, condition: str | None
) -> Iterator[set[str]]:
    """The sets of names that the options ask for."""
    repository = context.workspace.repository
    if contains is not None:
        yield set(repository.containing(contains))
    if merged is not None:
        yield set(repository.merged(merged))
    if no_merged is not None:
        yield set(repository.branch_names()) - set(repository.merged(no_merged))
    if condition is not None:
        from memento.query import select

        yield set(select(context.workspace, condition))


def _sorted(repository: Repository, tips: Mapping[str, str], sort: str, limit: int | None) -> Iterable[Branch]:
    """The branches in order, at most `limit`; by name only so many commits are read."""
    if sort == "name":
        names = sorted(tips)[:limit]
        return repository.read_branches({name: tips[name] for name in names})
    sign = -1 if sort == "newest" else 1
    return islice(sorted(repository.read_branches(tips), key=lambda b: (sign * b.time, b.name)), limit)


def _matching(existing: Mapping[str, str], patterns: tuple[str, ...], strict: bool) -> list[str]:
    """The branches that names and patterns stand for; `strict`: each must match, and a plain name that
    is not there is kept as it is, to be told about."""
    found: dict[str, None] = {}
    for pattern in patterns:
        if any(mark in pattern for mark in "*?["):
            matches = [name for name in existing if fnmatch.fnmatchcase(name, pattern)]
        else:
            matches = [pattern] if strict or pattern in existing else []
        if not matches and strict:
            raise UsageError(f"no branch matches {pattern!r}", "`memento branch` lists all")
        found.update(dict.fromkeys(matches))
    return list(found) if strict else sorted(found)
