"""``memento prune``."""

from __future__ import annotations

import fnmatch
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from memento.cli.arguments import REVISION
from memento.cli.completion import branches as complete
from memento.cli.context import Context, define, json_option
from memento.cli.filtering import where_option
from memento.cli.output import Column, Output, plural
from memento.cli.present import short
from memento.cli.progress import Progress
from memento.errors import NotFound, UsageError

if TYPE_CHECKING:
    from memento.history.tombstones import Tombstone

_DAY = 86_400
_SHOWN = 20


@define(
    """
    memento prune 'trial-*' --keep 10
    memento prune 'main-*' --keep 20 --by value --base main --dry-run
    memento prune --where 'forks(main) & metric(ndcg) < 0.8' --dry-run
    memento prune --older-than 90
    memento prune --retention
    memento prune --list
    """
)
@click.argument("patterns", metavar="[PATTERN]...", nargs=-1, shell_complete=complete)
@where_option
@click.option("--older-than", metavar="DAYS", type=click.FloatRange(0), help="Only tips so many simulated days old.")
@click.option("--keep", metavar="N", type=click.IntRange(0), help="Leave the N newest of them, or the N best by --by.")
@click.option(
    "--by", type=click.Choice(["newest", "value"]), default="newest", show_default=True, help="What --keep keeps."
)
@click.option("--novelty-below", metavar="X", type=click.FloatRange(0, 1), help="Only variants less new than this.")
@click.option("--base", metavar="REV", type=REVISION, default="HEAD", help="What variants are compared with.")
@click.option("--against", metavar="REV", type=REVISION, help="By value: count the gain on this held-out revision.")
@click.option("--retention", is_flag=True, help="Those that the setting retention.rule says.")
@click.option("--list", "listed", is_flag=True, help="List what was pruned.")
@click.option("-n", "--dry-run", "dry_run", is_flag=True, help="Tell what would go and take nothing away.")
@json_option
def command(
    context: Context,
    patterns: tuple[str, ...],
    condition: str | None,
    older_than: float | None,
    keep: int | None,
    by: str,
    novelty_below: float | None,
    base: str,
    against: str | None,
    retention: bool,
    listed: bool,
    dry_run: bool,
) -> None:
    """Take branches away for good, and keep a record of each.

    Those that match a PATTERN and everything else that is asked for; the current branch and protected
    ones always stay. A record of each, its tombstone, keeps its name, commit and tree. It is one
    operation: undo brings all back, until memento gc --forget has let their objects go.
    """
    output, repository = context.output, context.workspace.repository
    asked = {
        "patterns": bool(patterns), "where": bool(condition), "older": older_than is not None,
        "keep": keep is not None, "retention": retention, "novelty": novelty_below is not None,
    }  # fmt: skip
    if listed:
        if any(asked.values()) or dry_run:
            raise UsageError("--list stands alone", "`memento prune --list`")
        _list(output, list(repository.tombstones()))
        return
    if not any(asked.values()):
        raise UsageError(
            "say which branches", "`memento prune 'trial-*'`, or --where EXPR, --older-than DAYS, --keep N"
        )
    if by == "value" and keep is None:
        raise UsageError("--by value says what --keep keeps", "`memento prune 'main-*' --keep 20 --by value`")
    names, why = _chosen(context, patterns, condition, older_than, keep if by == "newest" else None, retention)
    if names and (by == "value" or novelty_below is not None):
        names, more = _by_value(context, names, base, against or "", keep if by == "value" else None, novelty_below)
        why = ", ".join(filter(None, (why, more)))
    stay = [name for name in names if name == repository.head or repository.config.protected(name)]
    going = [name for name in names if name not in stay]
    lost = repository.only_on(going) if going else 0
    stones: list[Tombstone] = [] if dry_run or not going else repository.prune(*going, why=why)
    if output.json:
        content = {"pruned": going, "stay": stay, "commits": lost, "why": why, "dry_run": dry_run}
        output.document("memento.prune/1", {**content, "tombstones": [asdict(s) for s in stones]})
        return
    output.lines(going if output.verbose else going[:_SHOWN])
    if len(going) > _SHOWN and not output.verbose:
        output.line(f"… and {len(going) - _SHOWN:,} more")
    would = "would go" if dry_run else "pruned"
    count = plural(len(going), "branch", "branches")
    output.message(f"{count} {would}, and {plural(lost, 'commit')} that no other branch or tag has")
    if stay:
        output.message(f"Left as they are, current or protected: {', '.join(stay)}")
    if stones:
        output.hint("`memento undo` brings them back; `memento prune --list` has their tombstones")


def _chosen(
    context: Context,
    patterns: tuple[str, ...],
    condition: str | None,
    older_than: float | None,
    keep: int | None,
    retention: bool,
) -> tuple[list[str], str]:
    """The branches asked for, by name, and why, in words."""
    from memento.query import select

    repository = context.workspace.repository
    names, why = repository.branch_names(), []
    if patterns:
        for pattern in patterns:
            if not fnmatch.filter(names, pattern):
                raise NotFound("branch", pattern, names, "`memento branch` lists them")
        names = [name for name in names if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)]
        why.append(" ".join(patterns))
    rules = [condition] if condition else []
    if retention:
        rule = repository.config.get("retention.rule", "")
        if not rule:
            raise UsageError("no retention.rule is set", "`memento config retention.rule 'stale(90) & ~tagged()'`")
        rules.append(rule)
    for rule in rules:
        among = set(select(repository, rule))
        names = [name for name in names if name in among]
        why.append(rule)
    if older_than is not None or keep is not None:
        times = {branch.name: branch.time for branch in repository.branches()}
        if older_than is not None:
            edge = max(times.values(), default=0) - older_than * _DAY
            names = [name for name in names if times[name] < edge]
            why.append(f"older than {older_than:g} days")
        if keep is not None:
            newest = sorted(names, key=lambda name: (-times[name], name))[:keep]
            names = [name for name in names if name not in set(newest)]
            why.append(f"not of the newest {keep}")
    return names, ", ".join(why)


def _by_value(
    context: Context, names: list[str], base: str, against: str, keep: int | None, below: float | None
) -> tuple[list[str], str]:
    """Those that are not worth keeping, by name, and why, in words."""
    from memento.cli.commands.value import ranked

    with Progress(context.output, "valuing") as progress:
        found = ranked(context, names, base, against, "linear", None, 0, progress)
    going, why = found, []
    if below is not None:
        going = [value for value in going if value.novelty < below]
        why.append(f"novelty below {below:g}")
    if keep is not None:
        best = {value.name for value in found[:keep]}
        going = [value for value in going if value.name not in best]
        why.append(f"not of the {keep} most valuable")
    return sorted(value.name for value in going), ", ".join(why)


def _list(output: Output, stones: list[Tombstone]) -> None:
    if output.json:
        output.document("memento.prune/1", {"tombstones": [asdict(stone) for stone in stones]})
        return
    if not stones:
        output.message("Nothing was pruned")
        return
    columns = [Column("branch"), Column("commit"), Column("subject", long=True), Column("why", long=True)]
    output.table(columns, ([stone.branch, short(stone.commit), stone.subject, stone.why] for stone in stones))
